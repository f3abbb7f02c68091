"""From the facts of a case to the fields of a profile: paths, translations, limits, nested values. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from fachwerk.errors import NeedsHumanError, PermanentError
from fachwerk_prosoz.profil import Falldatei, Feld

_UNGUELTIG = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry."""


def suche(werte: Any, pfad: str) -> str:
    """The value at a dotted path as text; empty where there is none. Keys that contain dots are found too.

    Lists are counted from 0, a list of texts at the end of a path is joined with commas.
    """
    stelle, rest = werte, pfad
    while rest:
        if isinstance(stelle, Mapping):
            name = rest if rest in stelle else rest.partition(".")[0]
            if name not in stelle:
                return ""
            stelle, rest = stelle[name], rest[len(name) + 1 :]
        elif isinstance(stelle, list):
            name, _, rest = rest.partition(".")
            if not (name.isascii() and name.isdigit() and int(name) < len(stelle)):
                return ""
            stelle = stelle[int(name)]
        else:
            return ""
    return _text(stelle)


def _text(wert: Any) -> str:
    if wert is None or isinstance(wert, Mapping):
        return ""
    if isinstance(wert, list):
        return ", ".join(filter(None, map(_text, wert)))
    return ("true" if wert else "false") if isinstance(wert, bool) else str(wert)


def feldwert(ziel: str, feld: Feld, werte: Any) -> str:
    """The text for one field. Raises ``NeedsHumanError`` where a mandatory fact or a translation is missing."""
    roh = feld.fest if feld.fest is not None else suche(werte, feld.aus)
    if feld.umsetzen and roh:
        if roh not in feld.umsetzen:
            text = f"Für das Feld „{ziel}“ nennt das Profil keine Umsetzung des Wertes, den dieser Antrag hat"
            raise NeedsHumanError(
                "prosoz.wert_unbekannt", f"{text} (umsetzen). Wie heißt er in PROSOZ?", {"feld": ziel}
            )
        roh = feld.umsetzen[roh]
    if feld.pflicht and not roh:
        frage = f"Dem Antrag fehlt die Angabe für das Pflichtfeld „{ziel}“ des Profils. Lässt sie sich ergänzen?"
        raise NeedsHumanError("prosoz.angabe_fehlt", frage, {"feld": ziel})
    roh = _UNGUELTIG.sub("", roh)
    return roh if feld.hoechstlaenge is None else roh[: feld.hoechstlaenge]


def baue(felder: Mapping[str, Feld], werte: Any) -> dict[str, Any]:
    """Nested values of ``felder``; empty ones are left out."""
    ergebnis: dict[str, Any] = {}
    for ziel, feld in felder.items():
        if wert := feldwert(ziel, feld, werte):
            setze(ergebnis, ziel, wert)
    return ergebnis


def setze(ergebnis: dict[str, Any], ziel: str, wert: Any) -> None:
    """Put ``wert`` at a dotted path. Raises ``PermanentError`` where it is already taken."""
    *stufen, letzte = ziel.split(".")
    stelle: Any = ergebnis
    for stufe in stufen:
        stelle = stelle.setdefault(stufe, {})
        if not isinstance(stelle, dict):
            raise _widerspruch(ziel)
    if isinstance(stelle.get(letzte), dict) or letzte in stelle:
        raise _widerspruch(ziel)
    stelle[letzte] = wert


def _widerspruch(ziel: str) -> PermanentError:
    text = f"Das Profil legt an der Stelle „{ziel}“ einen Wert und weitere Felder ab. Bitte das Profil berichtigen."
    return PermanentError("prosoz.profil_widerspruch", text, {"feld": ziel})


def falldatei(angaben: Falldatei, werte: Any, dokumente: Iterable[Mapping[str, str]]) -> bytes:
    """The small case file, deterministic."""
    inhalt = baue(angaben.felder, werte)
    if angaben.dokumente:
        felder = angaben.dokumente.felder
        zeilen = [{ziel: _UNGUELTIG.sub("", dokument[was]) for ziel, was in felder.items()} for dokument in dokumente]
        setze(inhalt, angaben.dokumente.liste, zeilen)
    if angaben.form == "json":
        return json.dumps(inhalt, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
    wurzel = _element(angaben.wurzel, angaben.namensraum, inhalt)
    return bytes(etree.tostring(wurzel, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _element(name: str, raum: str, inhalt: Any) -> etree._Element:
    element = etree.Element(f"{{{raum}}}{name}" if raum else name, nsmap={None: raum} if raum else None)  # type: ignore[dict-item]
    if not isinstance(inhalt, dict):
        element.text = inhalt
        return element
    for kind, wert in inhalt.items():
        if kind.startswith("@"):
            element.set(kind[1:], wert)
        else:
            element.extend(_element(kind, raum, eines) for eines in (wert if isinstance(wert, list) else [wert]))
    return element
