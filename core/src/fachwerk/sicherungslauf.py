"""The daily backup of the service: one node makes it, old ones go, and what fails is an alarm and tried again."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from fachwerk import alarm, sicherung
from fachwerk.errors import FachwerkError
from fachwerk.modell import utc
from fachwerk.notizen import Notizen
from fachwerk.platz import versuche_sperre

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.sicherungslauf")

TAKT_S = 900
"""So often every node looks whether a backup is due; a failed one is tried again as often."""

ANLASS = "sicherung"
"""Cause and subject of the alarm about a daily backup that failed."""

KERN = "fachwerk"
"""Notes of the core stand under this name, which no plugin can have."""
_ORTSZEIT = ZoneInfo("Europe/Berlin")
_TAG = timedelta(days=1)
_UEBERFAELLIG_NACH = timedelta(hours=6)


def sichere_faellige(betrieb: Betrieb) -> bool:
    """Make the backup that is due, unless another node does; whether one was made. Nothing is raised but bugs."""
    angaben = betrieb.einstellungen.sicherung
    if not angaben.ordner or not _ist_faellig(betrieb, datetime.now(UTC)):
        return False
    sperre = versuche_sperre(betrieb.store.datenbank, "sicherung")
    if sperre is None:
        return False
    try:
        return _ist_faellig(betrieb, datetime.now(UTC)) and _sichere(betrieb)
    finally:
        sperre.loese()


def zuletzt(store: Store) -> datetime | None:
    """When the last backup of the service was made."""
    with suppress(ValueError):
        return utc(datetime.fromisoformat(Notizen(store).lies(KERN, "sicherung", "zuletzt")))
    return None


def ueberfaellig(betrieb: Betrieb, jetzt: datetime) -> str:
    """For the watch: why somebody has to look after the backups, empty if all is well or none are asked for."""
    if not betrieb.einstellungen.sicherung.ordner:
        return ""
    letzte, termin = zuletzt(betrieb.store), _termin(betrieb, jetzt)
    verlangt = termin if jetzt - termin >= _UEBERFAELLIG_NACH else termin - _TAG
    if letzte is not None and letzte >= verlangt:
        return ""
    wann = f"die letzte ist vom {letzte.astimezone(_ORTSZEIT):%d.%m.%Y %H:%M}" if letzte else "es gibt noch keine"
    return f"Die tägliche Sicherung fehlt, {wann}. Bitte [sicherung].ordner und die Protokolle prüfen."


def _termin(betrieb: Betrieb, jetzt: datetime) -> datetime:
    """The latest time of the schedule that has passed."""
    hier = jetzt.astimezone(_ORTSZEIT)
    um = time.fromisoformat(betrieb.einstellungen.sicherung.taeglich)
    heute = datetime.combine(hier.date(), um, _ORTSZEIT)
    return heute if heute <= hier else datetime.combine(hier.date() - _TAG, um, _ORTSZEIT)


def _ist_faellig(betrieb: Betrieb, jetzt: datetime) -> bool:
    letzte = zuletzt(betrieb.store)
    return letzte is None or letzte < _termin(betrieb, jetzt)


def _sichere(betrieb: Betrieb) -> bool:
    store, angaben = betrieb.store, betrieb.einstellungen.sicherung
    ziel = betrieb.einstellungen.pfad(angaben.ordner)
    try:
        neue = sicherung.sichere(store, ziel)
    except FachwerkError as fehler:
        log.error("sicherung_gescheitert", code=fehler.code)
        with store.transaktion("alarm") as verbindung:
            alarm.melde(verbindung, ANLASS, ANLASS, fehler.code, fehler.hint)
        return False
    sicherung.raeume(ziel, angaben.behalten)
    Notizen(store).schreibe(KERN, "sicherung", "zuletzt", neue.gezogen.isoformat())
    with store.transaktion("alarm") as verbindung:
        alarm.behebe(verbindung, ANLASS, (ANLASS,))
    return True
