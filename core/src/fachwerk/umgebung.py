"""Where the configuration comes from: ``fachwerk.toml`` and the FACHWERK_… variables, joined into one tree.

Key in upper case, ``-`` as ``_``, sections joined by ``__``; the keys of ``[fachwerk]`` stand without section. A
variable wins over the file. Lists and tables are JSON.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError
from fachwerk.konfigfehler import VORSATZ, meinten_sie, normalform

EIGENE = frozenset({"FACHWERK_KONFIG", "FACHWERK_LOG"})
"""Variables that are no keys of the configuration: the path of the file, the form of the log."""

TESTVORSATZ = "FACHWERK_TEST_"
"""Variables reserved for tests."""

TABELLEN = frozenset({("anbindung", "leistung")})
"""Keys of known sections that hold tables by name: ``FACHWERK_ANBINDUNG__LEISTUNG__WBS__KONTAKT``."""

Baum = dict[str, Any]
Bekannte = Mapping[str, frozenset[str] | None]
"""Per section its keys; None for sections whose keys are names (kanal, format, ziel)."""


def lies_datei(pfad: Path) -> tuple[Baum, list[ConfigError]]:
    """The tree of the TOML file, empty with the problem if it cannot be read."""
    try:
        return tomllib.loads(pfad.read_text(encoding="utf-8-sig")), []
    except FileNotFoundError:
        text = f"{pfad} gibt es nicht. Mit „fachwerk init“ anlegen oder mit --konfig den Ort nennen."
        code = "datei_fehlt"
    except OSError as fehler:
        text = f"{pfad} ist nicht lesbar ({fehler.strerror}). Rechte der Datei prüfen."
        code = "datei_unlesbar"
    except UnicodeDecodeError:
        text = f"{pfad} ist kein UTF-8-Text. Die Datei in UTF-8 speichern."
        code = "datei_unlesbar"
    except tomllib.TOMLDecodeError as fehler:
        text = f"{pfad} ist kein gültiges TOML: {_ohne_wert(str(fehler))}."
        code = "datei_toml"
    except (ValueError, RecursionError):
        text = f"{pfad} ist nicht lesbar: Eine Zahl ist zu lang, oder Klammern sind zu tief geschachtelt."
        code = "datei_toml"
    return {}, [ConfigError(code, text, datei=str(pfad), umgebung="FACHWERK_KONFIG")]


_URSACHEN = {
    "Cannot declare": "Diesen Abschnitt gibt es weiter oben schon; bitte dort ergänzen",
    "Cannot overwrite": "Ein Schlüssel steht zweimal im selben Abschnitt",
    "Cannot mutate": "Ein Schlüssel oder Abschnitt steht zweimal da",
    "Invalid value": "Um einen Text fehlen die Anführungszeichen, oder der Wert fehlt",
    "Invalid hex value": "Pfade mit \\ gehören in einfache Anführungszeichen",
    "Unescaped": "Pfade mit \\ gehören in einfache Anführungszeichen",
    "Illegal character": "Ein Anführungszeichen wird nicht geschlossen, oder ein Zeichen darf hier nicht sein",
    "Unterminated string": "Ein Anführungszeichen wird nicht geschlossen",
    "Expected '='": "Nach einem Schlüssel fehlt das Gleichheitszeichen",
    "Expected ']": "Eine eckige Klammer wird nicht geschlossen",
    "Expected newline": "Hinter dem Wert steht noch etwas; Texte gehören in Anführungszeichen",
}
"""How a message of tomllib begins → what to mend, in German."""


def _ohne_wert(meldung: str) -> str:
    """What tomllib says, in German and without the quoted value (it may be a secret)."""
    ursache = next((text for anfang, text in _URSACHEN.items() if meldung.startswith(anfang)), "Schreibfehler")
    stelle = meldung.rsplit("(at ", 1)[-1].rstrip(")") if "(at " in meldung else ""
    if not stelle:
        return ursache
    deutsch = {"end of document": "am Ende der Datei"}
    ort = deutsch.get(stelle, stelle.replace("line", "Zeile").replace("column", "Spalte"))
    return f"{ursache} ({ort})"


def ueberlagere(datei: Baum, umgebung: Mapping[str, str], bekannte: Bekannte) -> tuple[Baum, list[ConfigError]]:
    """``datei`` with the values of the environment on top; unknown variables are problems."""
    baum = _kopie(datei)
    probleme = list(_gleichnamige(baum, bekannte))
    for name in sorted(umgebung):
        if not name.startswith(VORSATZ) or name in EIGENE or name.startswith(TESTVORSATZ):
            continue
        pfad = _pfad(name, baum, bekannte)
        if pfad is None:
            rat = meinten_sie(name, moegliche(baum, bekannte))
            text = f"Die Umgebungsvariable {name} gehört zu keinem Schlüssel.{rat}"
            probleme.append(ConfigError("umgebung_unbekannt", text, umgebung=name))
        elif not _setze(baum, pfad, _wert(umgebung[name])):
            text = f"Die Umgebungsvariable {name} liegt unter einem Schlüssel, der in der Datei kein Abschnitt ist."
            probleme.append(ConfigError("umgebung_abschnitt", text, umgebung=name))
    return baum, probleme


def moegliche(baum: Baum, bekannte: Bekannte) -> Iterator[str]:
    """Names of variables that could have been meant, for suggestions."""
    for abschnitt, schluessel in bekannte.items():
        vor = "" if abschnitt == "fachwerk" else f"{normalform(abschnitt)}__"
        for name in schluessel or ():
            yield f"{VORSATZ}{vor}{normalform(name)}"
        for name, inhalt in _unterabschnitte(baum, abschnitt) if schluessel is None else ():
            for eigener in inhalt:
                yield f"{VORSATZ}{vor}{normalform(name)}__{normalform(eigener)}"
    yield f"{VORSATZ}ROUTE"


def _pfad(name: str, baum: Baum, bekannte: Bekannte) -> list[str] | None:
    """The key path that a variable means, None if it means none."""
    teile = name.removeprefix(VORSATZ).split("__")
    if "" in teile:
        return None
    if teile == ["ROUTE"]:
        return ["route"]
    if len(teile) == 1:
        return _einfach("fachwerk", teile[0], bekannte)
    abschnitt = teile[0].lower()
    if abschnitt == "fachwerk" or abschnitt not in bekannte:
        return None
    if bekannte[abschnitt] is not None:
        if len(teile) == 4 and (abschnitt, teile[1].lower()) in TABELLEN:
            return [abschnitt, *(teil.lower() for teil in teile[1:])]
        return _einfach(abschnitt, teile[1], bekannte) if len(teile) == 2 else None
    return [abschnitt, *_benannt(abschnitt, teile[1:], baum)] if len(teile) > 2 else None


def _einfach(abschnitt: str, schluessel: str, bekannte: Bekannte) -> list[str] | None:
    passend = [name for name in bekannte[abschnitt] or () if normalform(name) == schluessel]
    return [abschnitt, passend[0]] if passend else None


def _benannt(abschnitt: str, teile: list[str], baum: Baum) -> list[str]:
    """Names as the file writes them; a name the file lacks is lower case, a Kanal or Ziel with hyphens."""
    pfad: list[str] = []
    ort: Any = baum.get(abschnitt, {})
    for stelle, teil in enumerate(teile):
        vorhanden = [name for name in ort if normalform(name) == teil] if isinstance(ort, dict) else []
        neu = teil.lower().replace("_", "-") if stelle == 0 and abschnitt != "format" else teil.lower()
        pfad.append(vorhanden[0] if vorhanden else neu)
        ort = ort.get(pfad[-1], {}) if isinstance(ort, dict) else {}
    return pfad


def _setze(baum: Baum, pfad: list[str], wert: Any) -> bool:
    ort: Any = baum
    for stueck in pfad[:-1]:
        ort = ort.setdefault(stueck, {})
        if not isinstance(ort, dict):
            return False
    ort[pfad[-1]] = wert
    return True


def _wert(text: str) -> Any:
    """Lists and tables are JSON; anything else stays the text it is (``[::1]:8443`` is no JSON)."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _gleichnamige(baum: Baum, bekannte: Bekannte) -> Iterator[ConfigError]:
    """Names that the environment could not tell apart (``a-b`` and ``a_b``)."""
    for abschnitt in bekannte:
        gesehen: dict[str, str] = {}
        for name, _ in _unterabschnitte(baum, abschnitt):
            anderer = gesehen.setdefault(normalform(name), name)
            if anderer != name:
                text = (
                    f"[{abschnitt}.{anderer}] und [{abschnitt}.{name}] unterscheiden sich zu wenig; einen umbenennen."
                )
                yield ConfigError("namen_gleich", text, schluessel=f"{abschnitt}.{name}")


def _unterabschnitte(baum: Baum, abschnitt: str) -> list[tuple[str, Baum]]:
    inhalt = baum.get(abschnitt)
    if not isinstance(inhalt, dict):
        return []
    return [(name, unter) for name, unter in inhalt.items() if isinstance(unter, dict)]


def _kopie(wert: Any) -> Any:
    if isinstance(wert, dict):
        return {schluessel: _kopie(inhalt) for schluessel, inhalt in wert.items()}
    return [_kopie(inhalt) for inhalt in wert] if isinstance(wert, list) else wert
