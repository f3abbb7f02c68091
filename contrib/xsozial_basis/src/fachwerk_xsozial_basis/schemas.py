"""Which schema a message is checked against: the site's official one, or our Projektprofil for our own messages.

The official XSDs may not be passed on from here. A site installs its bundle (``schema install``); it then lies in
``schema/xsozial-basis/<version>`` below the folder of ``fachwerk.toml``.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
import zipfile
from functools import lru_cache
from importlib import resources
from pathlib import Path, PurePosixPath

from lxml import etree

from fachwerk.errors import ConfigError
from fachwerk.xml import XmlFehler, lade_schema

HERSTELLER = "Fachwerk"
"""``produkthersteller`` of the messages our own generator makes."""

UNTERORDNER = Path("schema") / "xsozial-basis"
_NAMENSRAUM = re.compile(rb"targetNamespace\s*=\s*[\"'][^\"']*/XSozial-basis/Version_(\d+)_(\d+)_(\d+)[\"']")
_MAX_DATEIEN = 2_000
_MAX_BYTES = 200 * 1024 * 1024


def schema_ordner() -> Path:
    """Where the official schemas lie: beside the file ``FACHWERK_KONFIG`` names, else below the working folder."""
    return Path(os.environ.get("FACHWERK_KONFIG") or "fachwerk.toml").parent / UNTERORDNER


@lru_cache(maxsize=8)
def projektprofil(version: str) -> etree.XMLSchema | None:
    """Our own schema of a version; it is not the standard, and is right only for messages we made ourselves."""
    with resources.as_file(resources.files(__package__).joinpath("schema")) as ordner:
        datei = ordner / f"projektprofil-{version}.xsd"
        return lade_schema(datei) if datei.is_file() else None


def amtliches_schema(version: str) -> etree.XMLSchema | None:
    """The site's official schema of a version, None where it is not installed; a broken one raises ``XmlFehler``."""
    haupt = schema_ordner() / version / "HAUPTSCHEMA"
    if not haupt.is_file():
        return None
    datei = haupt.parent / haupt.read_text(encoding="utf-8").strip()
    return _geladen(datei, haupt.parent, haupt.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _geladen(datei: Path, ordner: Path, stand: int) -> etree.XMLSchema:
    return lade_schema(datei, ordner)


def installiere(buendel: Path, ordner: Path) -> list[str]:
    """Unpack the ZIP ``buendel`` below ``ordner`` and return the versions now in place.

    Raises ``ConfigError`` for what is no ZIP, too large, unsafe, or holds no schema of XSozial-basis that loads.
    """
    try:
        with zipfile.ZipFile(buendel) as archiv:
            namen = _geprueft(archiv)
            versionen = {version: name for name in namen if (version := _version(archiv, name))}
            if not versionen:
                raise _fehler("Das ZIP enthält kein XSD von XSozial-basis (Namensraum …/XSozial-basis/Version_x_y_z).")
            for version, name in versionen.items():
                _packe_aus(archiv, namen, ordner / version, name)
    except (OSError, zipfile.BadZipFile, RuntimeError):
        raise _fehler(f"{buendel.name} ist keine lesbare ZIP-Datei, oder {ordner} ist nicht beschreibbar.") from None
    return sorted(versionen)


def _fehler(text: str) -> ConfigError:
    return ConfigError("schema_buendel", text)


def _geprueft(archiv: zipfile.ZipFile) -> list[str]:
    """Names of the schema files; refuses anything that could write elsewhere or fill the disk."""
    eintraege = [eintrag for eintrag in archiv.infolist() if not eintrag.is_dir()]
    if len(eintraege) > _MAX_DATEIEN or sum(eintrag.file_size for eintrag in eintraege) > _MAX_BYTES:
        raise _fehler("Das ZIP ist zu groß für ein Schemabündel.")
    for eintrag in eintraege:
        pfad = PurePosixPath(eintrag.filename.replace("\\", "/"))
        verweis = stat.S_ISLNK(eintrag.external_attr >> 16)
        if pfad.is_absolute() or ".." in pfad.parts or ":" in eintrag.filename or verweis:
            raise _fehler("Das ZIP enthält Pfade, die aus dem Ordner herausführen; es wurde nichts ausgepackt.")
    return [eintrag.filename for eintrag in eintraege if eintrag.filename.lower().endswith(".xsd")]


def _version(archiv: zipfile.ZipFile, name: str) -> str:
    """Version of a main schema (one that declares the transport message), else empty."""
    inhalt = archiv.read(name)
    treffer = _NAMENSRAUM.search(inhalt)
    if treffer is None or b"vorgang.transportieren" not in inhalt:
        return ""
    return ".".join(zahl.decode("ascii") for zahl in treffer.groups())


def _packe_aus(archiv: zipfile.ZipFile, namen: list[str], ziel: Path, haupt: str) -> None:
    """Unpack beside the place, try the schema there, and only then put it in place of what was there."""
    ziel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ziel.parent, prefix=".neu-") as arbeit:
        neu = Path(arbeit) / "neu"
        for name in namen:
            datei = neu / PurePosixPath(name.replace("\\", "/"))
            datei.parent.mkdir(parents=True, exist_ok=True)
            datei.write_bytes(archiv.read(name))
        try:
            lade_schema(neu / haupt, neu)
        except XmlFehler as fehler:
            raise _fehler(f"Das Schema im ZIP lässt sich nicht laden. {fehler.hint}") from None
        (neu / "HAUPTSCHEMA").write_text(haupt, encoding="utf-8")
        if ziel.exists():
            ziel.rename(Path(arbeit) / "alt")
        neu.rename(ziel)
