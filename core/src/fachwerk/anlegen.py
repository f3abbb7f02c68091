"""Make the files of a new installation: the annotated configuration and the site key. Nothing is overwritten."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fachwerk.abschnitte import DATEI, FachwerkEinstellungen
from fachwerk.errors import ConfigError

_NUR_DIESER_BENUTZER = 0o600


@dataclass(frozen=True)
class Angelegt:
    """Where the files lie; ``schluessel_neu`` is false if a key was there already."""

    toml: Path
    schluessel: Path
    schluessel_neu: bool


def vorlage() -> str:
    """The annotated configuration."""
    return resources.files("fachwerk").joinpath("daten/fachwerk.toml").read_text(encoding="utf-8")


def lege_an(ordner: Path) -> Angelegt:
    """Write both files below ``ordner``; ``ConfigError`` if a configuration is there or nothing can be written."""
    toml, schluessel = ordner / DATEI, ordner / FachwerkEinstellungen().schluesseldatei
    if toml.exists():
        text = f"{toml} gibt es schon und wird nicht überschrieben. Einen anderen Ordner nennen oder sie umbenennen."
        raise ConfigError("datei_vorhanden", text, datei=str(toml))
    try:
        ordner.mkdir(parents=True, exist_ok=True)
        neu = schreibe_schluessel(schluessel)
        _schreibe_neu(toml, vorlage().encode("utf-8"), 0o644)
    except OSError as fehler:
        text = f"In {ordner} lässt sich nichts anlegen ({fehler.strerror}). Rechte des Ordners prüfen."
        raise ConfigError("ordner_gesperrt", text, datei=str(ordner)) from None
    return Angelegt(toml, schluessel, neu)


def schreibe_schluessel(pfad: Path) -> bool:
    """Write a fresh site key that only its owner can read; False if there is a file already, which stays."""
    return _schreibe_neu(pfad, base64.b64encode(os.urandom(32)) + b"\n", _NUR_DIESER_BENUTZER)


def _schreibe_neu(pfad: Path, inhalt: bytes, rechte: int) -> bool:
    """Write a file that must not exist yet, durably; False if it does."""
    try:
        griff = os.open(pfad, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), rechte)
    except FileExistsError:
        return False
    with os.fdopen(griff, "wb") as datei:
        datei.write(inhalt)
        datei.flush()
        os.fsync(datei.fileno())
    return True
