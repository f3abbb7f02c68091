"""Give a case away, back to its sender, or once more to a Ziel: each page says before what will happen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import Route

from fachwerk import abgabe, nachsendung, rueckgabe
from fachwerk.konsole import fallinhalt
from fachwerk.konsole.seiten.vorgang import HANDELND, dateiname, fall, heruntergeladen
from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.nachsendung import Plan, Weg
from fachwerk.rechte import Recht
from fachwerk.tabellen import zustellung

WEGE = {
    Weg.WIEDERHOLEN: "Die Sendung wird noch einmal übergeben. Das Ziel erkennt ihre Kennung und nimmt sie nur einmal.",
    Weg.FRAGEN: "Das Ziel wird zuerst gefragt. Was es schon hat, wird nur vermerkt, sonst wird übergeben.",
    Weg.SENDEN: "Die Sendung wird noch einmal übergeben, weil beim Empfänger nichts angekommen ist.",
}
UNSICHER = "nachsendung_unsicher"

# -- to the competent body ---------------------------------------------------------------------------------------------


def zeige_abgabe(anfrage: Anfrage) -> Response:
    """Which Ziel and why."""
    return _abgabe(anfrage, fall(anfrage, Recht.BEARBEITEN))


def gib_ab(anfrage: Anfrage) -> Response:
    """The letter to look at; with ``bestaetigt`` it goes."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    ziel, grund = anfrage.feld("ziel"), anfrage.begruendung("warum der Vorgang abgegeben wird")
    fertig = abgabe.bereite_vor(anfrage.betrieb, zeile.id, ziel, wer=anfrage.person.name, grund=grund)
    if not anfrage.feld("bestaetigt"):
        return _abgabe(anfrage, zeile, ziel=ziel, grund=grund, nachricht=fertig.nachricht)
    abgabe.gib_ab(anfrage.betrieb, fertig)
    return anfrage.weiter(f"/vorgang/{zeile.id}", "abgegeben")


def _abgabe(anfrage: Anfrage, zeile: Any, ziel: str = "", grund: str = "", nachricht: str = "") -> Response:
    werte = {"fall": zeile, "ziele": sorted(anfrage.betrieb.ziele), "ziel": ziel, "grund": grund}
    return anfrage.seite("abgeben.html", f"Vorgang {zeile.id[:12]} abgeben", nachricht=nachricht, **werte)


# -- to the sender -----------------------------------------------------------------------------------------------------


def zeige_rueckgabe(anfrage: Anfrage) -> Response:
    """How and why."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    return anfrage.seite("zurueckgeben.html", f"Vorgang {zeile.id[:12]} zurückgeben", fall=zeile)


def gib_zurueck(anfrage: Anfrage) -> Response:
    """End the case here and write the letter."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    wie, grund = anfrage.feld("wie"), anfrage.begruendung("warum der Vorgang zurückgegeben wird")
    rueckgabe.gib_zurueck(anfrage.betrieb, zeile.id, wer=anfrage.person.name, wie=wie, grund=grund)
    return anfrage.weiter(f"/vorgang/{zeile.id}", "zurueckgegeben")


def lade_schreiben(anfrage: Anfrage) -> Response:
    """The letter of a returned case, as text or as mail."""
    zeile = fall(anfrage, Recht.EINSICHT)
    name = anfrage.pfad("datei")
    inhalt = rueckgabe.schreiben(anfrage.betrieb.store, zeile.id).get(name)
    if inhalt is None:
        raise NichtGefunden
    fallinhalt.vermerke_einsicht(anfrage.betrieb.store, zeile.id, anfrage.person.name, f"schreiben {name}")
    return heruntergeladen(dateiname(f"{zeile.id[:12]}_{name}"), [inhalt])


# -- once more to the same Ziel ----------------------------------------------------------------------------------------


def zeige_nachsendung(anfrage: Anfrage) -> Response:
    """Per Ziel of the current Fassung what a resend would do."""
    zeile = fall(anfrage, *HANDELND)
    plaene = [_plan(anfrage, zeile.id, ziel) for ziel in _ziele(anfrage, zeile)]
    werte = {"fall": zeile, "plaene": plaene, "wege": WEGE, "unsicher": UNSICHER}
    return anfrage.seite("nachsenden.html", f"Vorgang {zeile.id[:12]} nachsenden", **werte)


def sende_nach(anfrage: Anfrage) -> Response:
    """Begin it."""
    zeile = fall(anfrage, *HANDELND)
    grund = anfrage.begruendung("warum noch einmal übergeben wird")
    nachsendung.sende_nach(
        anfrage.betrieb,
        zeile.id,
        anfrage.feld("ziel"),
        wer=anfrage.person.name,
        grund=grund,
        nicht_angekommen=bool(anfrage.feld("nicht_angekommen")),
    )
    return anfrage.weiter(f"/vorgang/{zeile.id}", "nachgesendet")


def _plan(anfrage: Anfrage, vorgang_id: str, ziel: str) -> Plan:
    return nachsendung.sieh_nach(anfrage.betrieb, vorgang_id, ziel)


def _ziele(anfrage: Anfrage, zeile: Any) -> list[str]:
    z = zustellung.c
    frage = sa.select(z.ziel).where(z.vorgang_id == zeile.id, z.fassung == zeile.fassung).order_by(z.ziel)
    with anfrage.betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage).scalars())


ROUTEN = [
    Route("/vorgang/{id}/abgeben", geschuetzt(zeige_abgabe, Recht.BEARBEITEN), methods=["GET"]),
    Route("/vorgang/{id}/abgeben", geschuetzt(gib_ab, Recht.BEARBEITEN), methods=["POST"]),
    Route("/vorgang/{id}/zurueckgeben", geschuetzt(zeige_rueckgabe, Recht.BEARBEITEN), methods=["GET"]),
    Route("/vorgang/{id}/zurueckgeben", geschuetzt(gib_zurueck, Recht.BEARBEITEN), methods=["POST"]),
    Route("/vorgang/{id}/schreiben/{datei}", geschuetzt(lade_schreiben, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/nachsenden", geschuetzt(zeige_nachsendung), methods=["GET"]),
    Route("/vorgang/{id}/nachsenden", geschuetzt(sende_nach), methods=["POST"]),
]
