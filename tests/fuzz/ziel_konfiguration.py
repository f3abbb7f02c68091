"""``fachwerk.toml`` and the environment: settings, or all problems at once in German, and never a value in them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from geruest import KANARIE, Ziel, arbeitsordner

from fachwerk import settings
from fachwerk.errors import ConfigError, ConfigErrors
from fachwerk.modell import Idempotenz
from fachwerk.plugins import Plugins
from fachwerk.testkit.mitspieler import Beobachter, Kleinformat, Postfach, Regelwerk, Zielsystem

_TRENNER = b"\n--umgebung--\n"
_MITSPIELER = [
    Postfach(),
    Kleinformat(),
    Regelwerk(),
    Beobachter(),
    Zielsystem("mit_schluessel", Idempotenz.SCHLUESSEL),
]
_PLUGINS = Plugins.aus_modulen({eines.name: eines for eines in _MITSPIELER})  # type: ignore[attr-defined]


def lauf(daten: bytes) -> None:
    """The file, then after a line ``--umgebung--`` variables, one a line."""
    inhalt, _, variablen = daten.partition(_TRENNER)
    datei = arbeitsordner() / "fachwerk.toml"
    datei.write_bytes(inhalt)
    umgebung = {}
    for zeile in variablen.decode("utf-8", "surrogateescape").splitlines():
        name, _, wert = zeile.partition("=")
        umgebung[name] = wert
    einstellungen, probleme = settings.lade_soweit(datei, umgebung)
    _pruefe_probleme(probleme, inhalt, umgebung)
    try:
        settings.lade(datei, umgebung)
    except ConfigErrors as alle:
        assert [str(eines) for eines in alle.probleme] == [str(eines) for eines in probleme]
    else:
        assert not probleme, "lade finds no problem where lade_soweit finds one"
    settings.plugins_der_konfiguration(einstellungen)
    settings.formate_der_routen(einstellungen)
    _, weitere = settings.aufbau_soweit(einstellungen, _PLUGINS)
    _pruefe_probleme(weitere, inhalt, umgebung)
    for verweis in umgebung.values():
        try:
            settings.secret(verweis[:200], datei.parent, umgebung)
        except ConfigError:
            pass


def _pruefe_probleme(probleme: list[ConfigError], inhalt: bytes, umgebung: dict[str, str]) -> None:
    for problem in probleme:
        assert problem.code
        assert problem.hint.endswith((".", "?", "!", "“"))
    if not _ist_schluessel(inhalt, umgebung):
        assert not any(KANARIE in f"{problem} {problem.details}" for problem in probleme), "a problem quotes a value"


def _ist_schluessel(inhalt: bytes, umgebung: dict[str, str]) -> bool:
    """Whether the canary is a name here: names are said, values are not."""
    try:
        baum: Any = tomllib.loads(inhalt.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        baum = {}
    namen = [*umgebung, *(wert for wert in umgebung.values() if "{" in wert)]
    return KANARIE in "\n".join(namen) or KANARIE in "\n".join(_namen(baum))


def _namen(wert: Any) -> Iterator[str]:
    """Keys, and what sections call each other by."""
    if isinstance(wert, dict):
        for name, unten in wert.items():
            yield name
            if name in ("plugin", "ziel", "kanal", "format", "leistung", "plugins", "produkt"):
                yield repr(unten)
            yield from _namen(unten)
    elif isinstance(wert, list):
        for unten in wert:
            yield from _namen(unten)


_DATEI = f"""
[fachwerk]
land = "mv"
betreiber = "{KANARIE}"
plugins = ["regelwerk"]
[kanal.wbs-postfach]
plugin = "postfach"
takt = "5m"
kennung = "wbs:130030000000"
[ziel.akte]
plugin = "mit_schluessel"
[[route]]
leistung = "*"
ziel = "akte"
zustand = "live"
[konsole]
listen = "127.0.0.1:8443"
sitzung_minuten = 30
[virenpruefung]
art = "clamd"
adresse = "tcp://127.0.0.1:3310"
[sicherung]
spiegel = "spiegel"
"""


def saat() -> Iterator[bytes]:
    yield _DATEI.encode()
    variablen = (
        f'FACHWERK_LAND=nw\nFACHWERK_KANAL__WBS_POSTFACH__TAKT={KANARIE}\nFACHWERK_ROUTE=[{{"ziel": "akte"}}]\nX=env:X'
    )
    yield _DATEI.encode() + _TRENNER + variablen.encode()
    yield (
        _DATEI.replace("mv", KANARIE).replace('"5m"', f'"{KANARIE}"').encode()
        + _TRENNER
        + b"FACHWERK_KONSOLE__LISTEN=[::1]:1"
    )
    yield (
        b"land = "
        + KANARIE.encode()
        + b"\n[kanal.a-b]\nplugin=1\n[kanal.a_b]\nplugin='\\x'\n[[route]]\n[anbindung.leistung.wbs]\nkontakt=1"
    )
    yield b"route = 1\nkanal = []\nziel = {a = 1}\nformat.x = {bestaetigt = [1, {produkt = 2}]}\nfachwerk = 'x'"
    fachwerk = b"[fachwerk]\nland=2026-01-01T00:00:00Z\nbetreiber=nan"
    yield b"\xef\xbb\xbf[alarm]\nan=['a@b']\n[aufbewahrung]\ntage=-1\n" + fachwerk


ZIEL = Ziel(
    name="konfiguration",
    was="fachwerk.toml and environment: settings, problems, secrets",
    lauf=lauf,
    saat=saat,
    pakete=(
        "fachwerk.settings", "fachwerk.umgebung", "fachwerk.konfigfehler", "fachwerk.abschnitte", "fachwerk.aufbau",
        "fachwerk.routen",
        "fachwerk.dauer", "tomllib",
    ),
    erlaubt=(),
    woerter=(
        b"[kanal.x]\n", b"[ziel.x]\n", b"[[route]]\n", b"[format.x]\n", b"[fachwerk]\n", b"[anbindung.leistung.wbs]\n",
        b"[[kanal]]\n", b" = 1\n", b" = []\n", b" = {}\n", b" = true\n", b" = nan\n", b"= 1979-05-27\n", b'"""', b"'",
        b"\\u0000", b"[[[[[[[[[[", b"{a={a={a=", b"[::1]:8443", b"\nFACHWERK_KANAL__A__B=", b"\nFACHWERK_ROUTE=",
        b"\nFACHWERK_ZIEL__X__PLUGIN=", b"\n--umgebung--\n", b"[{", b"}]", b"datei:", b"env:",
        b"FACHWERK_ANBINDUNG__LEISTUNG__WBS__KONTAKT=", b"FACHWERK_ANBINDUNG__LEISTUNG=[]", b"takt = '0s'\n",
        b"plugin = 'postfach'\n", b"bis = 9999-12-31\n", b"listen = '[::'\n", b"ab = ", b"zustand = 'test'\n",
        b"datei:\\u0000", b"stufen",
    ),
)  # fmt: skip
