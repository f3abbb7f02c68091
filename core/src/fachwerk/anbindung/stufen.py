"""How far the connection of each service has come, as people note it, and everything known about it in one place.

The steps follow the information letter on Mietrückstände: the office sends its interest, the coordinating body
confirms and sends documents, Fachaufsicht and Kommunale Spitzenverbände check; then test and live. No order is forced,
because the letters say none between documents and checks. What nobody noted is unknown, never "not done".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from fachwerk.anbindung.schreiben import AnbindungError
from fachwerk.errors import ConfigError
from fachwerk.katalog import Anbindung, Leistung
from fachwerk.routen import ALLE, Route
from fachwerk.routenstand import Stand, geltende, kommende, ueberlagere
from fachwerk.settings import Einstellungen, datenbank_url
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import anbindungsstufe

UNBEKANNT = "unbekannt"


class Anbindungsstufe(StrEnum):
    """What has been reached, in the usual order."""

    GESENDET = "gesendet"
    BESTAETIGT = "bestaetigt"
    UNTERLAGEN = "unterlagen"
    FACHAUFSICHT = "geprueft_fachaufsicht"
    KSV = "geprueft_ksv"
    TEST = "test"
    LIVE = "live"


TITEL: Mapping[Anbindungsstufe, str] = {
    Anbindungsstufe.GESENDET: "Interesse bekundet",
    Anbindungsstufe.BESTAETIGT: "Bestätigung erhalten",
    Anbindungsstufe.UNTERLAGEN: "Unterlagen erhalten",
    Anbindungsstufe.FACHAUFSICHT: "von der Fachaufsicht geprüft",
    Anbindungsstufe.KSV: "von den Kommunalen Spitzenverbänden geprüft",
    Anbindungsstufe.TEST: "in der Teststellung",
    Anbindungsstufe.LIVE: "live",
}

Erreicht = Mapping[str, Mapping[Anbindungsstufe, date]]
"""By word of the Leistung the day on which each step was reached."""

_RANG = {stufe: rang for rang, stufe in enumerate(Anbindungsstufe)}


@dataclass(frozen=True)
class Bild:
    """What the database knows: states set for routes, and steps reached."""

    staende: tuple[Stand, ...] = ()
    erreicht: Erreicht | None = None


def vermerke(
    store: Store, wort: str, stufe: Anbindungsstufe, am: date, heute: date, *, wer: str, grund: str = ""
) -> None:
    """Note that ``stufe`` was reached on ``am``; an earlier date for it is replaced. Audited."""
    if am > heute:
        raise AnbindungError(
            "anbindung_zukunft", f"Der {am:%d.%m.%Y} ist noch nicht; vermerkt wird, was geschehen ist."
        )
    werte = {"leistung": wort, "stufe": stufe.value, "am": am, "wer": wer, "vermerkt": datetime.now(UTC)}
    with store.transaktion("anbindungsstufe") as verbindung:
        store.vermerke(verbindung, BETRIEB, wer, "anbindung_stufe", f"{wort}: {stufe} {am}", grund or None)
        _loesche(verbindung, wort, stufe)
        verbindung.execute(anbindungsstufe.insert().values(**werte))


def nimm_zurueck(store: Store, wort: str, stufe: Anbindungsstufe, *, wer: str, grund: str) -> None:
    """Take back a step noted by mistake. Audited."""
    with store.transaktion("anbindungsstufe") as verbindung:
        store.vermerke(verbindung, BETRIEB, wer, "anbindung_stufe", f"{wort}: {stufe} zurückgenommen", grund or None)
        if not _loesche(verbindung, wort, stufe):
            raise AnbindungError("anbindung_nicht_vermerkt", f"„{stufe}“ ist für „{wort}“ nicht vermerkt.")


def _loesche(verbindung: sa.Connection, wort: str, stufe: Anbindungsstufe) -> int:
    hier = anbindungsstufe.c.leistung == wort, anbindungsstufe.c.stufe == stufe.value
    return verbindung.execute(anbindungsstufe.delete().where(*hier)).rowcount


def lies(verbindung: sa.Connection) -> dict[str, dict[Anbindungsstufe, date]]:
    """All steps that were noted."""
    erreicht: dict[str, dict[Anbindungsstufe, date]] = {}
    for zeile in verbindung.execute(sa.select(anbindungsstufe)):
        erreicht.setdefault(zeile.leistung, {})[Anbindungsstufe(zeile.stufe)] = zeile.am
    return erreicht


def stand(erreicht: Mapping[Anbindungsstufe, date]) -> Anbindungsstufe | None:
    """Where a service is: the step reached last, of those of one day the furthest; None is unknown."""
    return max(erreicht, key=lambda stufe: (erreicht[stufe], _RANG[stufe]), default=None)


def bild(einstellungen: Einstellungen) -> Bild:
    """What is stored, nothing where there is no database yet; nothing is made and nothing changed."""
    from fachwerk import routenstand

    with _lesend(einstellungen) as verbindung:
        return Bild(tuple(routenstand.lies(verbindung)), lies(verbindung)) if verbindung is not None else Bild()


@contextmanager
def _lesend(einstellungen: Einstellungen) -> Iterator[sa.Connection | None]:
    from fachwerk.datenbank import oeffne_datenbank

    url = sa.make_url(datenbank_url(einstellungen))
    if url.get_backend_name() == "sqlite" and not einstellungen.pfad(url.database or "").exists():
        yield None
        return
    datenbank = oeffne_datenbank(url.render_as_string(hide_password=False))
    try:
        if _ist_leer(datenbank):
            yield None
            return
        with datenbank.connect() as verbindung:
            yield verbindung
    finally:
        datenbank.dispose()


def _ist_leer(datenbank: sa.Engine) -> bool:
    """Whether nothing was ever stored; ``ConfigError`` where it cannot be read, for that is not the same."""
    from fachwerk.betrieb import pruefe_schema

    try:
        pruefe_schema(datenbank, anlegen=False)
    except ConfigError as fehler:
        if fehler.code == "datenbank_leer":
            return True
        raise
    return False


# -- everything in one place ------------------------------------------------------------------------------------------


def uebersicht(
    leistungen: Sequence[Leistung], routen: Sequence[Route], stand_heute: Bild, tag: date
) -> list[dict[str, Any]]:
    """Every service of the catalogue as JSON fields; what no source says is ``unbekannt``.

    ``routen`` are those of the configuration; what commands have set for them is laid over.
    """
    erreicht = stand_heute.erreicht or {}
    return [
        {
            "wort": leistung.wort,
            "titel": leistung.titel,
            "stufe": stand(erreicht.get(leistung.wort, {})) or UNBEKANNT,
            "stufen": {stufe.value: _tag(erreicht.get(leistung.wort, {}).get(stufe)) for stufe in Anbindungsstufe},
            "routen": _routen(leistung.wort, routen, stand_heute.staende, tag),
            **_bekannt(leistung.anbindung),
            "ozg": leistung.ozg_id or UNBEKANNT,
            "leika": list(leistung.leika_ids) or UNBEKANNT,
        }
        for leistung in leistungen
    ]


def _bekannt(anbindung: Anbindung | None) -> dict[str, Any]:
    """What the information letters say, if there is one for the service."""
    return {
        "verfuegbar_seit": anbindung.seit if anbindung else UNBEKANNT,
        "pilotkommunen": list(anbindung.pilotkommunen) if anbindung else UNBEKANNT,
        "x_standard": anbindung.x_standard if anbindung else UNBEKANNT,
        "transport": anbindung.transport if anbindung else UNBEKANNT,
        "fachverfahren": list(anbindung.fachverfahren) if anbindung else UNBEKANNT,
        "zustaendige_stelle": anbindung.zustaendige_stelle if anbindung else UNBEKANNT,
    }


def _routen(wort: str, routen: Sequence[Route], staende: Sequence[Stand], tag: date) -> list[dict[str, Any]]:
    """The routes that name the service, else the ``*`` that takes it along."""
    gelten, kommen = geltende(staende, tag), kommende(staende, tag)
    heutige = list(zip(routen, ueberlagere(routen, staende, tag), strict=True))
    eigene = [paar for paar in heutige if paar[0].wort == wort] or [p for p in heutige if p[0].leistung == ALLE]
    return [
        {
            "route": datei.kennung,
            "nummer": datei.nummer,
            "name": datei.name,
            "zustand": heute.zustand.value,
            "grund": heute.grund,
            "bis": heute.bis.isoformat() if heute.bis else None,
            "gesetzt": "befehl" if datei.kennung in gelten and datei is not heute else "konfiguration",
            "danach": _danach(kommen.get(datei.kennung)),
        }
        for datei, heute in eigene
    ]


def _danach(kommt: Stand | None) -> dict[str, str | None] | None:
    if kommt is None or kommt.vorgabe.ab is None:
        return None
    zustand = kommt.vorgabe.zustand
    return {"zustand": zustand.value if zustand else "konfiguriert", "ab": kommt.vorgabe.ab.isoformat()}


def _tag(tag: date | None) -> str:
    return tag.isoformat() if tag else UNBEKANNT
