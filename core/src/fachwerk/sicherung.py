"""Backups: one folder per backup with the copy of the database and a manifest that proves it is whole.

Taken while the service works. The folder gets its name by one rename at the end, so that what has a name is complete.
The site key is never part of it; the manifest only says which key opens it (:mod:`fachwerk.wiederherstellung` asks).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from fachwerk import __version__, ablage, abzug
from fachwerk.datenbank import SCHEMA_KOPF
from fachwerk.errors import FachwerkError

if TYPE_CHECKING:
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.sicherung")

MANIFEST = "manifest.json"
SCHEMA = 1
_ENTWURF = ".neu-"
_NAME = re.compile(r"fachwerk-\d{8}T\d{6}Z(-\d+)?", re.ASCII)
_BLOCK = 1 << 20


class SicherungError(FachwerkError):
    """A backup could not be made, or is none that can be used."""


@dataclass(frozen=True)
class Sicherung:
    """A whole backup: its folder and what the manifest says."""

    ordner: Path
    manifest: dict[str, Any]

    @property
    def gezogen(self) -> datetime:
        """The moment it shows (the beginning of the copy)."""
        return datetime.fromisoformat(self.manifest["gezogen"])

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(int(datei["laenge"]) for datei in self.manifest["dateien"])

    def als_json(self) -> dict[str, Any]:
        """The published shape of ``fachwerk backup --json``."""
        return {"sicherung": str(self.ordner), "bytes": self.bytes, **self.manifest}


def sichere(store: Store, ziel: Path) -> Sicherung:
    """Make a backup below ``ziel``; ``SicherungError`` if that is not possible, and nothing is left then."""
    entwurf = ziel / f"{_ENTWURF}{secrets.token_hex(6)}"
    gezogen = datetime.now(UTC)
    try:
        ablage.lege_ordner_an(ziel)
        os.mkdir(entwurf, 0o700)
        anzahlen = abzug.ziehe(store.datenbank, entwurf)
        manifest = _manifest(store, entwurf, gezogen, anzahlen)
        _schreibe_manifest(entwurf / MANIFEST, manifest)
        ordner = _benenne(entwurf, ziel, gezogen)
    except OSError as fehler:
        raise _gescheitert(ziel, fehler.strerror or type(fehler).__name__) from None
    except Exception as fehler:  # of the driver: what a database says may hold values
        if isinstance(fehler, FachwerkError):
            raise
        raise _gescheitert(ziel, f"Datenbank: {type(fehler).__name__}") from None
    finally:
        ablage.entferne(entwurf)
    log.info("gesichert", sicherung=ordner.name, vorgaenge=anzahlen["vorgang"])
    return Sicherung(ordner, manifest)


def lies(ordner: Path, fortschritt: Callable[[int], object] = id) -> Sicherung:
    """The backup in ``ordner``, every byte compared with its manifest; ``SicherungError`` says what is wrong."""
    try:
        manifest = json.loads((ordner / MANIFEST).read_text(encoding="utf-8"))
        dateien = [(str(datei["name"]), str(datei["sha256"])) for datei in manifest["dateien"]]
        if manifest["schema"] != SCHEMA or manifest["art"] not in ("sqlite", "postgresql"):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise SicherungError(
            "sicherung_unbekannt",
            f"{ordner} ist keine Sicherung von Fachwerk: {MANIFEST} fehlt oder ist unlesbar. Bitte den Ordner "
            "nennen, den „fachwerk backup“ angelegt hat.",
        ) from None
    for nummer, (name, summe) in enumerate(dateien, 1):
        if Path(name).name != name or not _stimmt(ordner / name, summe):
            raise SicherungError(
                "sicherung_beschaedigt",
                f"In der Sicherung {ordner} fehlt die Datei {Path(name).name}, oder sie wurde verändert. Bitte eine "
                "andere Sicherung nehmen.",
            )
        fortschritt(nummer)
    return Sicherung(ordner, manifest)


def alle(ziel: Path) -> list[Path]:
    """The backups below ``ziel``, oldest first."""
    namen = os.listdir(ziel) if ziel.is_dir() else []
    return [ziel / name for name in sorted(namen) if _NAME.fullmatch(name) and (ziel / name / MANIFEST).exists()]


def raeume(ziel: Path, behalten: int) -> int:
    """Delete all but the newest ``behalten`` backups, and what a killed attempt left; returns how many backups."""
    weg = alle(ziel)[:-behalten]
    for ordner in weg:
        ablage.entferne(ordner)
    for name in os.listdir(ziel) if ziel.is_dir() else ():
        if name.startswith(_ENTWURF):
            ablage.entferne(ziel / name)
    return len(weg)


def _gescheitert(ziel: Path, was: str) -> SicherungError:
    return SicherungError(
        "sicherung_gescheitert",
        f"Nach {ziel} ließ sich nicht sichern ({was}). Bitte Platz und Rechte des Ordners prüfen und ob die Datenbank "
        "erreichbar ist; die Datenbank blieb unverändert.",
    )


def _manifest(store: Store, ordner: Path, gezogen: datetime, anzahlen: dict[str, int]) -> dict[str, Any]:
    namen = sorted(datei.name for datei in ordner.iterdir())
    return {
        "schema": SCHEMA,
        "art": store.datenbank.dialect.name,
        "version": __version__,
        "datenbankschema": SCHEMA_KOPF,
        "gezogen": gezogen.isoformat(),
        "beendet": datetime.now(UTC).isoformat(),
        "hauptschluessel": store.bund.kennung,
        "anzahlen": anzahlen,
        "dateien": [
            {"name": name, "laenge": abzug.groesse(ordner / name), "sha256": summe(ordner / name)} for name in namen
        ],
    }


def _schreibe_manifest(pfad: Path, manifest: dict[str, Any]) -> None:
    with open(pfad, "xb") as datei:
        datei.write(json.dumps(manifest, ensure_ascii=False, indent=2).encode() + b"\n")
        ablage.sichere_datei(datei)
    ablage.sichere_ordner(pfad.parent)


def _benenne(entwurf: Path, ziel: Path, gezogen: datetime) -> Path:
    """The first free name of this second."""
    for name in _namen(gezogen):
        if ablage.benenne_um(entwurf, ziel / name):
            ablage.sichere_ordner(ziel)
            return ziel / name
    raise AssertionError  # the names do not end


def _namen(gezogen: datetime) -> Iterator[str]:
    stamm = f"fachwerk-{gezogen.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield stamm
    nummer = 2
    while True:
        yield f"{stamm}-{nummer}"
        nummer += 1


def _stimmt(pfad: Path, erwartet: str) -> bool:
    try:
        return summe(pfad) == erwartet
    except OSError:
        return False


def summe(pfad: Path) -> str:
    """SHA-256 (hex) of a file."""
    rechnung = hashlib.sha256()
    with open(pfad, "rb") as datei:
        while stueck := datei.read(_BLOCK):
            rechnung.update(stueck)
    return rechnung.hexdigest()
