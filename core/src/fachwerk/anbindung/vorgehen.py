"""What the commands do: letters as files, states of routes, and held cases that go on afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import routenstand
from fachwerk.anbindung.ablage import Ablage, lege_ab
from fachwerk.anbindung.frist import heute
from fachwerk.anbindung.schreiben import (
    Abmeldung,
    AnbindungError,
    Art,
    abmeldebrief,
    interessensbekundung,
    pflichten,
)
from fachwerk.katalog import Leistung, leistung
from fachwerk.routen import ALLE, Route, Zustand
from fachwerk.routenstand import Vorgabe
from fachwerk.tabellen import vorgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.settings import Einstellungen

ORDNER = "anbindung"
"""Where the letters go unless another folder is named; relative to ``fachwerk.toml``."""


@dataclass(frozen=True)
class Wohin:
    """Folder of the letters (empty: :data:`ORDNER`), and whether those of before may be replaced."""

    ordner: str = ""
    ersetzen: bool = False


def dienst(wort: str) -> Leistung:
    """The service of a word or LeiKa id; ``AnbindungError`` with the way to the catalogue."""
    gefunden = leistung(wort)
    if gefunden is None:
        text = f"„{wort}“ steht nicht im Leistungskatalog („fachwerk leistungen list“ zeigt ihn)."
        raise AnbindungError("leistung_unbekannt", text)
    return gefunden


def bekunde(einstellungen: Einstellungen, wort: str, ab: date | None, wohin: Wohin) -> dict[str, Any]:
    """Write the Interessensbekundung; nothing is sent, and no database is needed."""
    gesucht, jetzt = dienst(wort), datetime.now(UTC)
    angaben = einstellungen.anbindung.fuer(gesucht.wort)
    if ab is not None:
        angaben = angaben.model_copy(update={"ab": ab})
    brief = interessensbekundung(gesucht, angaben, einstellungen.fachwerk.land, heute(jetzt), einstellungen.datei)
    return {
        "leistung": gesucht.wort,
        "an": brief.mail,
        **_abgelegt(lege_ab(brief, _ordner(einstellungen, wohin), jetzt, wohin.ersetzen)),
    }


def schreibe_abmeldung(
    einstellungen: Einstellungen, gesucht: Leistung, abmeldung: Abmeldung, wohin: Wohin
) -> dict[str, Any]:
    """Write the notice to the MiK and the list of duties; says the last day and what is to be done."""
    jetzt = datetime.now(UTC)
    angaben = einstellungen.anbindung.fuer(gesucht.wort)
    brief = abmeldebrief(gesucht, angaben, abmeldung, einstellungen.fachwerk.land, heute(jetzt), einstellungen.datei)
    ablage = lege_ab(brief, _ordner(einstellungen, wohin), jetzt, wohin.ersetzen)
    return {
        "leistung": gesucht.wort,
        "art": abmeldung.art.value,
        "an": brief.mail,
        "beginn": abmeldung.beginn.isoformat(),
        "bis": abmeldung.bis.isoformat(),
        "ende": abmeldung.bis.isoformat() if abmeldung.art is Art.DAUERHAFT else None,
        "frist": "drei Monate zum Monatsende" if abmeldung.art is Art.DAUERHAFT else None,
        "pflichten": [{"text": pflicht.text, "quelle": pflicht.quelle} for pflicht in pflichten(abmeldung)],
        **_abgelegt(ablage),
    }


def vorgabe(abmeldung: Abmeldung, grund: str, zustellen_bis: date | None) -> Vorgabe:
    """The state the Route gets: leaving at once or after ``zustellen_bis``, or paused from the break's first day on."""
    if abmeldung.art is Art.TEMPORAER:
        return Vorgabe(Zustand.PAUSIERT, abmeldung.grund, ab=abmeldung.beginn, bis=abmeldung.bis)
    if zustellen_bis is not None and zustellen_bis >= abmeldung.bis:
        text = f"Die Nutzung endet am {abmeldung.bis:%d.%m.%Y}; zugestellt werden kann höchstens bis zum Tag davor."
        raise AnbindungError("anbindung_zustellen_bis", text)
    ab = None if zustellen_bis is None else zustellen_bis + timedelta(days=1)
    return Vorgabe(Zustand.AUSTRITT, grund or "Dauerhafte Abmeldung", ab=ab, bis=abmeldung.bis)


def melde_ab(
    betrieb: Betrieb, gesucht: Leistung, abmeldung: Abmeldung, wunsch: Vorgabe, route: str, wer: str, wohin: Wohin
) -> dict[str, Any]:
    """Write the notice and set the Route's state; what cannot be set is refused before anything is written."""
    gemeint = routenstand.finde(betrieb.routen, gesucht.wort, route)
    routenstand.pruefe(betrieb, gemeint, wunsch, heute())
    ergebnis = schreibe_abmeldung(betrieb.einstellungen, gesucht, abmeldung, wohin)
    routenstand.setze(betrieb, gemeint, wunsch, wer)
    return ergebnis | {"route": als_json(gemeint, wunsch)}


def stelle_um(betrieb: Betrieb, wort: str, wunsch: Vorgabe, route: str, wer: str) -> dict[str, Any]:
    """Set the state of the Route of a service (``*`` for that of all others), and count what is held because of it."""
    gesucht = ALLE if wort == ALLE else dienst(wort).wort
    gemeint = routenstand.finde(betrieb.routen, gesucht, route)
    routenstand.setze(betrieb, gemeint, wunsch, wer)
    return {"route": als_json(gemeint, wunsch), "gehalten": len(ruhende(betrieb, gesucht))}


def ruhende(betrieb: Betrieb, wort: str) -> list[str]:
    """Ids of the cases of a service (``*``: of any) that are held because their Route rests, oldest first."""
    v = vorgang.c
    frage = sa.select(v.id).where(v.status == "held", v.grund == "route_ruht").order_by(v.angelegt)
    if wort != ALLE:
        frage = frage.where(v.leistung == wort)
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage).scalars())


def hole_nach(betrieb: Betrieb, wort: str, wer: str, grund: str) -> int:
    """Let the cases go on that were held because their Route rested; returns how many."""
    from fachwerk.eingriff import wiederhole

    gehaltene = ruhende(betrieb, ALLE if wort == ALLE else dienst(wort).wort)
    for vorgang_id in gehaltene:
        wiederhole(betrieb, vorgang_id, wer, grund)
    return len(gehaltene)


def als_json(route: Route, wunsch: Vorgabe) -> dict[str, Any]:
    """What was set, for people and machines."""
    return {
        "route": route.kennung,
        "nummer": route.nummer,
        "zustand": wunsch.zustand.value if wunsch.zustand else routenstand.WIE_KONFIGURIERT,
        "ab": wunsch.ab.isoformat() if wunsch.ab else None,
        "bis": wunsch.bis.isoformat() if wunsch.bis else None,
    }


def _ordner(einstellungen: Einstellungen, wohin: Wohin) -> Path:
    return Path(wohin.ordner) if wohin.ordner else einstellungen.pfad(ORDNER)


def _abgelegt(ablage: Ablage) -> dict[str, Any]:
    return {"dateien": [str(pfad) for pfad in ablage.dateien], "hinweis": ablage.hinweis}
