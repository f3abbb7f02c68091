"""The list of cases: filters, search by id, page by page."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from fachwerk import katalog
from fachwerk.konsole.lagebild import ueberfaellige_vorgaenge
from fachwerk.konsole.seite import FUER, STATUS
from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.lage import mitternacht
from fachwerk.modell import utc
from fachwerk.vorgangssuche import Suche, finde

FILTER = ("q", "status", "kanal", "leistung", "land", "fuer", "grund", "dringend", "von", "bis")


def zeige(anfrage: Anfrage) -> Response:
    """A page of the list; wrong values of a filter are ignored and the field shown empty."""
    suche, werte = _lies(anfrage)
    if anfrage.frage("ueberfaellig"):
        werte, weiter = {"ueberfaellig": "1"}, None
        zeilen = ueberfaellige_vorgaenge(anfrage.betrieb.store, suche.kanaele)
    else:
        zeilen, weiter = finde(anfrage.betrieb.store, suche)
    naechste = ""
    if weiter is not None:
        naechste = "/vorgaenge?" + urlencode(werte | {"vor": f"{utc(weiter[0]).isoformat()}~{weiter[1]}"})
    return anfrage.seite(
        "vorgaenge.html",
        "Vorgänge",
        zeilen=zeilen,
        werte=werte,
        naechste=naechste,
        ist_folge=suche.vor is not None,
        staende=STATUS,
        kanaele=anfrage.kanaele,
        leistungen=[eine.wort for eine in katalog.leistungen()],
        laender=sorted(set(katalog.LAENDER.values())),
        gehalten_fuer=FUER,
    )


def _lies(anfrage: Anfrage) -> tuple[Suche, dict[str, str]]:
    werte = {name: wert for name in FILTER if (wert := anfrage.frage(name))}
    von, bis = _tag(werte, "von"), _tag(werte, "bis")
    if werte.get("status") not in STATUS:
        werte.pop("status", None)
    suche = Suche(
        text=werte.get("q", ""),
        status=(werte["status"],) if "status" in werte else (),
        kanal=werte.get("kanal", ""),
        leistung=werte.get("leistung", ""),
        land=werte.get("land", ""),
        fuer=werte.get("fuer", ""),
        grund=werte.get("grund", ""),
        dringend=bool(werte.get("dringend")),
        von=None if von is None else mitternacht(von),
        bis=None if bis is None else mitternacht(bis, danach=1),
        vor=_vor(anfrage.frage("vor")),
        kanaele=None if anfrage.sieht_alle_kanaele else anfrage.kanaele,
    )
    return suche, werte


def _tag(werte: dict[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(werte[name])
    except (KeyError, ValueError):
        werte.pop(name, None)
        return None


def _vor(text: str) -> tuple[datetime, str] | None:
    zeit, _, kennung = text.partition("~")
    try:
        return utc(datetime.fromisoformat(zeit.replace(" ", "+"))), kennung
    except (ValueError, OverflowError):
        return None


ROUTEN = [Route("/vorgaenge", geschuetzt(zeige), methods=["GET"])]
