"""Until when the certificates of this installation hold: those of its Kanäle and Ziele, and that of the console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fachwerk import alarm
from fachwerk.errors import ConfigError
from fachwerk.settings import secret
from fachwerk.transport import zertifikatsangaben

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

KONSOLE = "konsole"
"""The console as the owner of a certificate."""


@dataclass(frozen=True)
class Laufzeit:
    """The certificate of ``gegenstand`` (``kanal:NAME``, ``ziel:NAME`` or ``konsole``) and when it ends."""

    gegenstand: str
    datei: str
    gueltig_bis: datetime

    def tage(self, jetzt: datetime) -> int:
        """Whole days that are left; negative once it has expired."""
        return (self.gueltig_bis - jetzt).days


def laufzeiten(betrieb: Betrieb) -> list[Laufzeit]:
    """Those that can be read, the soonest end first; what cannot be read is a matter of ``fachwerk check``."""
    gefunden = []
    for gegenstand, datei, passphrase in _dateien(betrieb):
        try:
            kennwort = secret(passphrase, betrieb.einstellungen.ordner) if passphrase else None
            bis = _gueltig_bis(datei, datei.stat().st_mtime_ns, kennwort)
        except (ConfigError, OSError):
            continue
        gefunden.append(Laufzeit(gegenstand, datei.name, bis))
    return sorted(gefunden, key=lambda eine: (eine.gueltig_bis, eine.gegenstand))


@lru_cache(maxsize=256)
def _gueltig_bis(datei: Path, _stand: int, kennwort: str | None) -> datetime:
    """Read once per change of the file: opening a PKCS#12 file is meant to be slow."""
    return zertifikatsangaben(datei, kennwort).gueltig_bis


def _dateien(betrieb: Betrieb) -> Iterator[tuple[str, Path, str]]:
    """Whose it is, the file, the reference to its passphrase."""
    stellen = [(alarm.des_kanals(name), kanal.einstellungen) for name, kanal in betrieb.kanaele.items()]
    stellen += [(alarm.des_ziels(name), ziel.einstellungen) for name, ziel in betrieb.ziele.items()]
    ordner = betrieb.einstellungen.ordner
    for gegenstand, einstellungen in stellen:
        for modell in _modelle(einstellungen):
            if datei := getattr(modell, "zertifikat", None):
                yield gegenstand, ordner / str(datei), str(getattr(modell, "passphrase", "") or "")
    if konsole := betrieb.einstellungen.konsole.zertifikat:
        yield KONSOLE, ordner / konsole, ""


def _modelle(einstellungen: Any) -> Iterator[BaseModel]:
    """The settings of a plugin and the models inside."""
    if isinstance(einstellungen, BaseModel):
        yield einstellungen
        for name in type(einstellungen).model_fields:
            yield from _modelle(getattr(einstellungen, name, None))
