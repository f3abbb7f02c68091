"""What a machine has to report about itself: its clock and its volumes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk import alarm
from fachwerk.alarmgruende import Anzeige
from fachwerk.modell import utc
from fachwerk.tabellen import kanal_lauf
from fachwerk.vorpruefung_umfeld import UHR_ABWEICHUNG

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

GIB = 1 << 30
ZURUECKGESTELLT = timedelta(minutes=5)
"""So far in the future nothing can have happened."""
ORDNER = ("verzeichnis", "arbeitsverzeichnis", "quittungen", "spiegel")
"""Keys of Kanäle and Ziele that name a folder."""


def uhr(betrieb: Betrieb, jetzt: datetime, rechner: str) -> Iterator[Anzeige]:
    """The clock differs from that of the database server, or was set back behind what is stored.

    ``jetzt`` is the time of the database, just asked.
    """
    eigene = datetime.now(UTC)
    if abs(eigene - jetzt) > UHR_ABWEICHUNG:
        text = "Die Uhr dieses Rechners und die der Datenbank weichen voneinander ab. Zeitabgleich (NTP) einrichten."
        yield Anzeige(alarm.des_rechners(rechner), "uhr_abweichung", text)
    elif (zuletzt := _letzter_beginn(betrieb)) is not None and zuletzt > eigene + ZURUECKGESTELLT:
        text = (
            "Die Uhr dieses Rechners wurde zurückgestellt: Gespeichertes liegt in der Zukunft. Zeitabgleich (NTP) "
            "einrichten; der Tag des Eingangs hängt daran."
        )
        yield Anzeige(alarm.des_rechners(rechner), "uhr_zurueckgestellt", text)


def _letzter_beginn(betrieb: Betrieb) -> datetime | None:
    lauf = kanal_lauf.c
    with betrieb.store.lesend() as verbindung:
        zeiten = [
            verbindung.execute(sa.select(sa.func.max(lauf.beginn)).where(lauf.kanal == name)).scalar_one_or_none()
            for name in betrieb.kanaele
        ]
    return max((utc(zeit) for zeit in zeiten if zeit is not None), default=None)


def platz(betrieb: Betrieb, jetzt: datetime, rechner: str) -> Iterator[Anzeige]:
    """Volumes with less free than ``platz_gb``; a folder that is gone is a matter of who writes there."""
    gib = betrieb.einstellungen.alarm.platz_gb
    for was, pfad in orte(betrieb):
        frei = frei_bytes(pfad)
        if frei is not None and frei < gib * GIB:
            text = (
                f"Auf dem Laufwerk von {pfad} sind weniger als {gib:g} GiB frei. Platz "
                "schaffen oder das Laufwerk vergrößern; ist es voll, bleiben neue Nachrichten im Postfach."
            )
            yield Anzeige(alarm.des_rechners(rechner, was), "platz_knapp", text)


def frei_bytes(pfad: Path) -> int | None:
    """Free on the volume of ``pfad``, None where there is no such folder."""
    try:
        return shutil.disk_usage(pfad).free
    except OSError:
        return None


def orte(betrieb: Betrieb) -> Iterator[tuple[str, Path]]:
    """What this installation writes to on this machine, by name: database, mirror, folders of Kanäle and Ziele."""
    url = betrieb.store.datenbank.url
    if url.get_backend_name() == "sqlite" and url.database:
        yield "datenbank", Path(url.database).resolve().parent
    einstellungen = betrieb.einstellungen
    if einstellungen.sicherung.spiegel:
        yield "spiegel", einstellungen.pfad(einstellungen.sicherung.spiegel)
    stellen = [(f"kanal.{name}", kanal.einstellungen) for name, kanal in betrieb.kanaele.items()]
    stellen += [(f"ziel.{name}", ziel.einstellungen) for name, ziel in betrieb.ziele.items()]
    for name, werte in stellen:
        for schluessel in ORDNER:
            if (angabe := getattr(werte, schluessel, "")) and isinstance(angabe, str | Path):
                yield f"{name}.{schluessel}", einstellungen.pfad(str(angabe))
