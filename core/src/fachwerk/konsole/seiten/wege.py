"""The ways in and out: Kanäle and Ziele, how they are doing, and the open alarms."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from fachwerk import alarm, pausen
from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.lage import kanalliste, zielliste
from fachwerk.rechte import Recht
from fachwerk.vorpruefung_lage import WORT


def zeige_kanaele(anfrage: Anfrage) -> Response:
    """The Kanäle the person may see."""
    sichtbare = [
        kanal | {"darf": anfrage.person.darf(Recht.BETRIEB, kanal["kanal"])}
        for kanal in kanalliste(anfrage.betrieb)
        if kanal["kanal"] in anfrage.kanaele
    ]
    return anfrage.seite("kanaele.html", "Kanäle", kanaele=sichtbare)


def zeige_ziele(anfrage: Anfrage) -> Response:
    """All Ziele: the numbers are of all Kanäle together."""
    darf = anfrage.person.darf_ueberall(Recht.BETRIEB)
    return anfrage.seite("ziele.html", "Ziele", ziele=zielliste(anfrage.betrieb), darf=darf)


def halte_kanal_an(anfrage: Anfrage) -> Response:
    """Pause or resume a Kanal, for those who look after it."""
    anfrage.verlange(Recht.BETRIEB, anfrage.pfad("name"))
    return _stelle(anfrage, alarm.des_kanals(anfrage.pfad("name")), "/kanaele")


def halte_ziel_an(anfrage: Anfrage) -> Response:
    """Pause or resume a Ziel, which serves all Kanäle."""
    return _stelle(anfrage, alarm.des_ziels(anfrage.pfad("name")), "/ziele")


def _stelle(anfrage: Anfrage, gegenstand: str, zurueck: str) -> Response:
    if anfrage.pfad("tat") == "setze-fort":
        pausen.setze_fort(anfrage.betrieb, gegenstand, anfrage.person.name, anfrage.feld("grund"))
        return anfrage.weiter(zurueck, "fortgesetzt")
    grund = anfrage.begruendung("warum angehalten wird")
    pausen.halte_an(anfrage.betrieb, gegenstand, anfrage.person.name, grund)
    return anfrage.weiter(zurueck, "angehalten")


def zeige_alarme(anfrage: Anfrage) -> Response:
    """The open alarms, those of cases only where the person may see the case."""
    return anfrage.seite("alarme.html", "Alarme", alarme=sichtbare_alarme(anfrage))


def sichtbare_alarme(anfrage: Anfrage) -> list[dict[str, Any]]:
    """The open alarms this person may know of, oldest first: ``zeile``, ``wort``, ``verweis``."""
    return [
        {"zeile": zeile, "wort": WORT.get(zeile.anlass, zeile.anlass.replace("_", " ")), "verweis": verweis}
        for zeile in alarm.offene(anfrage.betrieb.store)
        if (verweis := _verweis(anfrage, zeile.gegenstand)) is not None
    ]


def _verweis(anfrage: Anfrage, gegenstand: str) -> str | None:
    """Where the subject of an alarm is shown; None where this person may not see it."""
    art, _, name = gegenstand.partition(":")
    if art == "vorgang":
        name = name.partition(":")[0]  # what became of it at one Ziel stands on its page
        return f"/vorgang/{name}" if _darf_sehen(anfrage, name) else None
    if art == "kanal":
        return "/kanaele" if anfrage.sieht_alle_kanaele or name in anfrage.kanaele else None
    return "/ziele" if art == "ziel" else ""


def _darf_sehen(anfrage: Anfrage, vorgang_id: str) -> bool:
    if anfrage.sieht_alle_kanaele:
        return True
    try:
        return anfrage.betrieb.store.vorgang(vorgang_id).kanal in anfrage.kanaele
    except (LookupError, NichtGefunden):
        return False


ROUTEN = [
    Route("/kanaele", geschuetzt(zeige_kanaele), methods=["GET"]),
    Route("/ziele", geschuetzt(zeige_ziele), methods=["GET"]),
    Route("/kanal/{name}/{tat:str}", geschuetzt(halte_kanal_an, Recht.BETRIEB), methods=["POST"]),
    Route("/ziel/{name}/{tat:str}", geschuetzt(halte_ziel_an, Recht.BETRIEB, ueberall=True), methods=["POST"]),
    Route("/alarme", geschuetzt(zeige_alarme), methods=["GET"]),
]
