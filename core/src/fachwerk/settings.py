"""The configuration: ``fachwerk.toml`` and the environment as one frozen, checked value.

Every problem is reported at once, each with file, key and environment variable. Start here: :func:`lade`, then the
plugins of :func:`plugins_der_konfiguration`, then :func:`aufbau`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fachwerk.abschnitte import (
    BEKANNTE,
    DATEI,
    Einstellungen,
    KanalEinstellungen,
    RouteEinstellungen,
    VirenpruefungEinstellungen,
    ZielEinstellungen,
    datenbank_url,
)
from fachwerk.anbindung.einstellungen import AnbindungAngaben
from fachwerk.aufbau import Aufbau, Format, aufbau, aufbau_soweit
from fachwerk.dauer import takt_sekunden
from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.konfigfehler import probleme_aus
from fachwerk.umgebung import lies_datei, ueberlagere

__all__ = [
    "DATEI",
    "Aufbau",
    "Einstellungen",
    "Format",
    "KanalEinstellungen",
    "VirenpruefungEinstellungen",
    "ZielEinstellungen",
    "aufbau",
    "aufbau_soweit",
    "datenbank_url",
    "formate_der_routen",
    "lade",
    "lade_soweit",
    "plugins_der_konfiguration",
    "secret",
    "takt_sekunden",
]


def lade(pfad: Path | None, umgebung: Mapping[str, str] | None = None) -> Einstellungen:
    """Read file and environment (``os.environ`` unless given); all problems together as ``ConfigErrors``."""
    einstellungen, probleme = lade_soweit(pfad, umgebung)
    if probleme:
        raise ConfigErrors(probleme)
    return einstellungen


def lade_soweit(
    pfad: Path | None, umgebung: Mapping[str, str] | None = None
) -> tuple[Einstellungen, list[ConfigError]]:
    """Like :func:`lade`, but give what is right together with the problems of the rest (for ``fachwerk check``)."""
    datei, probleme = lies_datei(pfad) if pfad else ({}, [])
    baum, weitere = ueberlagere(datei, os.environ if umgebung is None else umgebung, BEKANNTE)
    probleme += weitere
    fehler = _validierungsfehler(baum)
    if fehler is not None:
        probleme += probleme_aus(fehler, baum, datei=pfad, bekannte=_bekannte_schluessel())
    routen = baum.get("route")
    nummern = list(range(1, len(routen) + 1)) if isinstance(routen, list) else []
    while fehler is not None:
        _entferne(baum, fehler, nummern)
        fehler = _validierungsfehler(baum)
    einstellungen = Einstellungen.model_validate(baum)
    einstellungen._datei, einstellungen._nummern = pfad, tuple(nummern)
    einstellungen._ordner = (pfad.parent if pfad else Path()).resolve()
    return einstellungen, probleme


def plugins_der_konfiguration(einstellungen: Einstellungen) -> set[str]:
    """Every plugin the configuration names: these must load, or the start is refused."""
    benannt = {abschnitt.plugin for abschnitt in einstellungen.kanal.values()}
    benannt |= {abschnitt.plugin for abschnitt in einstellungen.ziel.values()}
    return benannt | set(einstellungen.format) | set(einstellungen.fachwerk.plugins)


def formate_der_routen(einstellungen: Einstellungen) -> set[str]:
    """Formats that a route names, with or without a section of their own."""
    return {route.format for route in einstellungen.routen if route.format}


def secret(verweis: str, ordner: Path, umgebung: Mapping[str, str] | None = None) -> str:
    """The secret behind ``env:NAME`` or ``datei:PFAD`` (without the line end); ``ConfigError`` if there is none."""
    art, trenner, ort = verweis.partition(":")
    if not trenner or art not in ("env", "datei") or not ort:
        text = "Geheimnisse stehen nicht in der Konfiguration: env:NAME oder datei:PFAD angeben."
        raise ConfigError("geheimnis_verweis", text)
    if art == "env":
        wert = (os.environ if umgebung is None else umgebung).get(ort, "")
        if not wert:
            raise ConfigError("geheimnis_fehlt", f"Die Umgebungsvariable {ort} ist nicht gesetzt.", umgebung=ort)
        return wert
    return _aus_datei(ordner / ort)


def _aus_datei(pfad: Path) -> str:
    try:
        wert = pfad.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError):  # also what is no UTF-8, and a path no file can have
        wert = ""
    if not wert:
        text = f"Die Datei {pfad} mit dem Geheimnis fehlt, ist leer oder nicht lesbar."
        raise ConfigError("geheimnis_fehlt", text, datei=str(pfad))
    return wert


_NICHTS = object()


def _bekannte_schluessel() -> dict[tuple[str, ...], frozenset[str]]:
    bekannte: dict[tuple[str, ...], frozenset[str]] = {(): frozenset(Einstellungen.model_fields)}
    bekannte["route", "*"] = frozenset(RouteEinstellungen.model_fields)
    bekannte["anbindung", "*"] = frozenset(AnbindungAngaben.model_fields)
    bekannte.update({(name,): schluessel for name, schluessel in BEKANNTE.items() if schluessel is not None})
    return bekannte


def _validierungsfehler(baum: dict[str, Any]) -> ValidationError | None:
    try:
        Einstellungen.model_validate(baum)
    except ValidationError as fehler:
        return fehler
    return None


def _entferne(baum: dict[str, Any], fehler: ValidationError, nummern: list[int]) -> None:
    """Take out what is wrong: the key, else the Kanal, Ziel or format; of the routes a whole one."""
    routen: set[int] = set()
    getan = False
    for eintrag in fehler.errors(include_url=False):
        ort = [stueck for stueck in eintrag["loc"] if stueck != "[key]"]
        if ort[0] == "route" and len(ort) > 1:
            routen.add(int(ort[1]))
        elif ort[0] == "route":
            del baum["route"]
            nummern.clear()
            getan = True
        else:
            getan = _streiche(baum, ort) or getan
    if not getan and not routen:  # a name with broken characters: the error spells it differently than the tree
        baum.clear()
        nummern.clear()
    for stelle in sorted(routen, reverse=True):
        del baum["route"][stelle], nummern[stelle]


def _streiche(baum: dict[str, Any], ort: Sequence[str | int]) -> bool:
    """Remove the key at ``ort``: a wrong ``takt`` leaves the rest of a Kanal, a wrong ``plugin`` does not.

    Whether there was such a key.
    """
    tiefe = 3 if ort[0] in ("kanal", "ziel", "format") and len(ort) > 2 and ort[2] != "plugin" else 2
    stelle: Any = baum
    for stueck in ort[:tiefe][:-1]:
        stelle = stelle.get(stueck, {})  # gone already, if another key of it was wrong
    return stelle.pop(ort[:tiefe][-1], _NICHTS) is not _NICHTS
