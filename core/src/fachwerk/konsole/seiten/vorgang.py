"""One case: its state and journal for everybody, its content for those with the right, and what one can do with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fachwerk import eingriff
from fachwerk.auskunft import vorgangsauskunft
from fachwerk.errors import PermanentError
from fachwerk.konsole import fallinhalt, xmlansicht
from fachwerk.konsole.zugang import Anfrage, NichtErlaubt, NichtGefunden, geschuetzt
from fachwerk.modell import Teil, Vorgangstand
from fachwerk.rechte import Recht
from fachwerk.rueckfrage import UNGEWISS
from fachwerk.tabellen import ereignis

WIEDERHOLBAR = (Vorgangstand.HELD, Vorgangstand.WAITING)
UEBERGEBEN = (Vorgangstand.DONE, Vorgangstand.FORWARDED)
NICHT_HERAUS = ("schadsoftware", "viren_keine_antwort")
"""Reasons of a hold with which no part leaves the store."""

HANDELND = (Recht.BETRIEB, Recht.BEARBEITEN)
"""Who looks after the machines of a Kanal or works on its cases."""

_BLATTWERTE = 5_000
"""So many leaves of an application are shown."""


def zeige(anfrage: Anfrage) -> Response:
    """State, deliveries, journal and audit lines: ids and codes, no content."""
    zeile = fall(anfrage, *Recht)
    auskunft = vorgangsauskunft(anfrage.betrieb.store, zeile.id)
    person = anfrage.person
    return anfrage.seite(
        "vorgang.html",
        f"Vorgang {zeile.id[:12]}",
        fall=zeile,
        auskunft=auskunft,
        journal=_journal(anfrage, zeile.id, auskunft),
        ereignisse=_ereignisse(anfrage, zeile.id),
        taten=moegliche_taten(anfrage, zeile, auskunft),
        darf_einsehen=person.darf(Recht.EINSICHT, zeile.kanal),
    )


def moegliche_taten(anfrage: Anfrage, zeile: Any, auskunft: dict[str, Any]) -> set[str]:
    """What this person can do with the case as it is; each action checks once more for itself."""
    person, stand = anfrage.person, zeile.status
    zu_spaet = stand in UEBERGEBEN and any(eine["ueberfaellig"] for eine in auskunft["zustellungen"])
    taten: set[str] = set()
    if any(person.darf(recht, zeile.kanal) for recht in HANDELND):
        taten |= {"wiederholen"} if stand in WIEDERHOLBAR else {"nachfragen"} if zu_spaet else set()
        zugestellt = any(eine["status"] == "zugestellt" for eine in auskunft["zustellungen"])
        taten |= {"nachsenden"} if zugestellt and stand != Vorgangstand.RETURNED else set()
    if person.darf(Recht.EINSICHT, zeile.kanal):
        taten |= {"vergleichen"} if stand != Vorgangstand.READY and zeile.grund not in NICHT_HERAUS else set()
        taten |= {"schreiben"} if stand == Vorgangstand.RETURNED else set()
    if person.darf(Recht.BEARBEITEN, zeile.kanal):
        taten |= ({"verzichten"} if zu_spaet else set()) | _entscheidungen(zeile, auskunft)
    return taten


def _entscheidungen(zeile: Any, auskunft: dict[str, Any]) -> set[str]:
    """What only those can do who work on the case."""
    taten: set[str] = set()
    if zeile.status == Vorgangstand.HELD:
        taten |= {"zurueckgeben"} | ({"freigeben"} if zeile.grund in eingriff.FREIGEBBAR else set())
        hier = [eine for eine in auskunft["zustellungen"] if eine["fassung"] == zeile.fassung and eine["ausgang_offen"]]
        taten |= {"angekommen"} if hier else set()
        if zeile.grund in UNGEWISS and any(eine["code"] == zeile.grund for eine in hier):
            taten = taten - {"freigeben"} | {"nicht_angekommen"}
    if zeile.status in (Vorgangstand.HELD, Vorgangstand.DONE) and not zeile.doppelt_zu:
        if zeile.grund not in NICHT_HERAUS:
            taten.add("abgeben")
        if any(schritt["name"] == "map" and not schritt["code"] for schritt in auskunft["journal"]):
            taten.add("ergaenzen")
    return taten - ({"ergaenzen"} if zeile.grund in NICHT_HERAUS else set())


def zeige_inhalt(anfrage: Anfrage) -> Response:
    """What the message says, what was found and recommended, and why; noted as a look into the case."""
    zeile, inhalt = _inhalt(anfrage, "inhalt")
    felder = list(islice((inhalt.antrag.felder if inhalt.antrag else {}).items(), _BLATTWERTE))
    return anfrage.seite("inhalt.html", f"Inhalt von {zeile.id[:12]}", fall=zeile, inhalt=inhalt, felder=felder)


def zeige_original(anfrage: Anfrage) -> Response:
    """The main document of the message, indented or (``?form=roh``) as it came."""
    zeile, inhalt = _inhalt(anfrage, "original")
    original = next((teil for teil in inhalt.anlagen if "xml" in teil.medientyp), None)
    if original is None:
        raise NichtGefunden
    with original.oeffnen() as strom:
        roh = strom.read(xmlansicht.ANGESEHEN + 1)
    ist_roh = anfrage.frage("form") == "roh"
    text = xmlansicht.roh_als_text(roh) if ist_roh else xmlansicht.lesbar(roh)
    werte = {"fall": zeile, "teil": original, "text": text, "ist_roh": ist_roh}
    return anfrage.seite("original.html", f"Original von {zeile.id[:12]}", **werte)


def lade_teil(anfrage: Anfrage) -> Response:
    """One part for download; never shown in the browser, whatever it claims to be."""
    kennung = anfrage.pfad("teil")
    if fall(anfrage, Recht.EINSICHT).grund in NICHT_HERAUS:
        raise eingriff.EingriffError("vorgang_schadsoftware", "Die Virenprüfung schlug an; das gibt niemand heraus.")
    _, inhalt = _inhalt(anfrage, f"teil {kennung}")
    teil = inhalt.teil(kennung)
    if teil is None:
        raise NichtGefunden
    return heruntergeladen(dateiname(teil.name), teil.bytes_strom())


def heruntergeladen(name: str, stuecke: Iterable[bytes]) -> Response:
    """Content for the disk: the browser neither shows nor runs it."""
    kopf = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(iter(stuecke), media_type="application/octet-stream", headers=kopf)


def wiederhole(anfrage: Anfrage) -> Response:
    """``retry``: for whoever looks after the machines or works on the case."""
    zeile = fall(anfrage, *HANDELND)
    eingriff.wiederhole(anfrage.betrieb, zeile.id, anfrage.person.name, anfrage.feld("grund"))
    return anfrage.weiter(f"/vorgang/{zeile.id}", "wiederholt")


def gib_frei(anfrage: Anfrage) -> Response:
    """``release``, with a reason."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    grund = anfrage.begruendung("warum der Vorgang trotzdem weiterlaufen soll")
    eingriff.gib_frei(anfrage.betrieb, zeile.id, anfrage.person.name, grund, anfrage.frage("ziel"))
    return anfrage.weiter(f"/vorgang/{zeile.id}", "freigegeben")


def melde_angekommen(anfrage: Anfrage) -> Response:
    """``release --angekommen`` for the Ziel in the address, with a reason."""
    zeile = fall(anfrage, Recht.BEARBEITEN)
    grund = anfrage.begruendung("warum die Sendung als angekommen gilt")
    eingriff.melde_angekommen(anfrage.betrieb, zeile.id, anfrage.person.name, grund, anfrage.frage("ziel"))
    return anfrage.weiter(f"/vorgang/{zeile.id}", "angekommen")


def fall(anfrage: Anfrage, recht: Recht, *oder: Recht) -> Any:
    """The row of the case in the path, for whoever has one of these rights for its Kanal; else ``NichtErlaubt``.

    ``NichtGefunden`` also where the person has no right at all for its Kanal.
    """
    try:
        zeile = anfrage.betrieb.store.vorgang(anfrage.pfad("id"))
    except LookupError:
        raise NichtGefunden from None
    if not anfrage.sieht_alle_kanaele and zeile.kanal not in anfrage.kanaele:
        raise NichtGefunden
    if not any(anfrage.person.darf(eines, zeile.kanal) for eines in (recht, *oder)):
        raise NichtErlaubt
    return zeile


def dateiname(name: str) -> str:
    """What the sender called it, without anything that could be a path or a trick."""
    letztes = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(z if z.isprintable() and z not in '<>:"|?*' else "_" for z in letztes).strip(". ")[:150] or "datei"


def _inhalt(anfrage: Anfrage, was: str) -> tuple[Any, fallinhalt.Fallinhalt]:
    zeile = fall(anfrage, Recht.EINSICHT)
    store = anfrage.betrieb.store
    fallinhalt.vermerke_einsicht(store, zeile.id, anfrage.person.name, was)
    return zeile, fallinhalt.lies(store, zeile.id)


def _ereignisse(anfrage: Anfrage, vorgang_id: str) -> list[dict[str, Any]]:
    """The audit lines of the case; the free text of a reason is content."""
    store = anfrage.betrieb.store
    frage = sa.select(ereignis).where(ereignis.c.kette == vorgang_id).order_by(ereignis.c.nr)
    with store.lesend() as verbindung:
        zeilen = [dict(zeile._mapping) for zeile in verbindung.execute(frage)]
    darf = anfrage.person.darf(Recht.EINSICHT, anfrage.betrieb.store.vorgang(vorgang_id).kanal)
    for zeile in zeilen:
        zeile["text"] = _text(anfrage, zeile["grund"]) if darf and zeile["grund"] else ""
    return zeilen


def _text(anfrage: Anfrage, teil_id: str) -> str:
    try:
        with anfrage.betrieb.store.inhalt.oeffne(Teil(id=teil_id)) as strom:
            return strom.read(4096).decode(errors="replace")
    except (PermanentError, LookupError):
        return "[gelöscht]"


def _journal(anfrage: Anfrage, vorgang_id: str, auskunft: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of the journal with their number and duration; a step may have been added in between."""
    schritte = anfrage.betrieb.store.schritte(vorgang_id)
    zeilen = zip(auskunft["journal"], schritte, strict=False)
    return [angaben | {"nr": s.id, "dauer_ms": _millisekunden(angaben)} for angaben, s in zeilen]


def _millisekunden(schritt: dict[str, Any]) -> int:
    dauer = datetime.fromisoformat(schritt["ende"]) - datetime.fromisoformat(schritt["beginn"])
    return round(dauer.total_seconds() * 1000)


ROUTEN = [
    Route("/vorgang/{id}", geschuetzt(zeige), methods=["GET"]),
    Route("/vorgang/{id}/inhalt", geschuetzt(zeige_inhalt, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/original", geschuetzt(zeige_original, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/teil/{teil}", geschuetzt(lade_teil, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/wiederhole", geschuetzt(wiederhole), methods=["POST"]),
    Route("/vorgang/{id}/gib-frei", geschuetzt(gib_frei, Recht.BEARBEITEN), methods=["POST"]),
    Route("/vorgang/{id}/angekommen", geschuetzt(melde_angekommen, Recht.BEARBEITEN), methods=["POST"]),
]
