"""Accounts of the simulator: which certificate (CN) owns which party identifiers, what it offers and may use."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")
_VERGEBEN = frozenset({"ca", "server", "steuerung", "probe"})
_KONTO = ("kennungen", "gesperrt", "gebucht", "dienste", "antwort")
_ANGEBOT = ("dienst", "kennungen", "nachrichtentypen", "weg")
_ANTWORT = ("text", "datei", "medientyp", "dateiname")
_WEGE = ("beide", "asynchron", "synchron")

BEISPIEL: dict[str, Any] = {
    "konten": {
        "leser": {"kennungen": ["wbs:130030000000", "wgb:130030000000"], "gesperrt": False},
        "portal": {"kennungen": ["gae:musterland-portal"], "gesperrt": False},
        "gesperrt": {"kennungen": ["wbs:130040000000"], "gesperrt": True},
        "ohne-buchung": {"kennungen": ["gae:ohne-buchung"], "gebucht": []},
        "sofort": {
            "kennungen": ["wbs:130050000000"],
            "dienste": [{"dienst": "urn:beispiel:auskunft", "nachrichtentypen": ["auskunft.anfrage.1"]}],
            "antwort": {"text": "<auskunft>liegt vor</auskunft>", "medientyp": "text/xml"},
        },
    }
}


@dataclass(frozen=True)
class Angebot:
    """A service a reader accepts; empty ``kennungen`` are all of the account, empty ``typen`` any message type."""

    dienst: str
    kennungen: tuple[str, ...] = ()
    typen: tuple[str, ...] = ()
    weg: str = "beide"


@dataclass(frozen=True)
class Sofortantwort:
    """What ``sendMessageSync`` answers: media type, file name and content."""

    medientyp: str
    inhalt: bytes
    dateiname: str = ""


@dataclass(frozen=True)
class Konto:
    """An account; ``name`` is the common name of its certificate, ``kennungen`` its party identifiers.

    ``gebucht`` are the services it may send to (None: any), ``dienste`` those it accepts (None: any).
    """

    name: str
    kennungen: tuple[str, ...]
    gesperrt: bool = False
    gebucht: frozenset[str] | None = None
    dienste: tuple[Angebot, ...] | None = None
    auskunft: bool = True
    """False: the directory knows the account, but not what it accepts."""
    antwort: Sofortantwort | None = None

    def angebote(self, kennung: str, dienst: str) -> list[Angebot]:
        """The offers that accept ``dienst`` for ``kennung``."""
        if self.dienste is None:
            return [Angebot(dienst)]
        return [a for a in self.dienste if a.dienst == dienst and (not a.kennungen or kennung in a.kennungen)]


def lies_konten(pfad: Path) -> dict[str, Konto]:
    """Read ``konten.json``; every problem is a :class:`ConfigError` that names the file."""
    try:
        return pruefe_konten(json.loads(pfad.read_text(encoding="utf-8")), pfad.parent)
    except json.JSONDecodeError as fehler:
        text = f"{pfad} ist nicht lesbar oder kein JSON (Zeile {fehler.lineno}, Spalte {fehler.colno})."
        raise ConfigError("simulator.konten", text, datei=str(pfad)) from fehler
    except (OSError, ValueError) as fehler:
        raise ConfigError("simulator.konten", f"{pfad} ist nicht lesbar oder kein JSON.", datei=str(pfad)) from fehler
    except ConfigError as fehler:
        raise ConfigError(fehler.code, f"{pfad}: {fehler.hint}", datei=str(pfad)) from fehler


def pruefe_konten(roh: Mapping[str, Any], ordner: Path | None = None) -> dict[str, Konto]:
    """Accounts by name; ``ordner`` is where the files of answers lie. A party identifier is one mailbox."""
    eintraege = roh.get("konten") if isinstance(roh, Mapping) else None
    if not isinstance(eintraege, Mapping) or set(roh) != {"konten"} or not eintraege:
        raise _fehler('Erwartet wird {"konten": {"NAME": {"kennungen": ["…"], "gesperrt": false}}}.')
    konten = {str(name): pruefe_konto(str(name), eintrag, ordner) for name, eintrag in eintraege.items()}
    pruefe_kennungen(konten.values())
    return konten


def pruefe_kennungen(konten: Iterable[Konto]) -> None:
    """Every party identifier belongs to one account only, because it is one mailbox."""
    besitzer: dict[str, str] = {}
    for konto in konten:
        for kennung in konto.kennungen:
            if besitzer.setdefault(kennung, konto.name) != konto.name:
                raise _fehler(f"Die Kennung {kennung} steht bei {besitzer[kennung]} und bei {konto.name}.")


def pruefe_konto(name: str, eintrag: Any, ordner: Path | None = None) -> Konto:
    """One account from its entry in ``konten.json``."""
    if not _NAME.fullmatch(name) or name.lower() in _VERGEBEN:
        raise _fehler(
            f"Der Kontoname {name!r} geht nicht: höchstens 41 Zeichen aus Buchstaben, Ziffern, Punkt, Strich "
            f"und Unterstrich, nicht {', '.join(sorted(_VERGEBEN))}."
        )
    ort = f"Das Konto {name}"
    werte = pruefe_schluessel(eintrag, _KONTO, ort)
    kennungen, gesperrt, gebucht = werte.get("kennungen"), werte.get("gesperrt", False), werte.get("gebucht")
    if not isinstance(kennungen, list) or not kennungen or not all(_ist_kennung(kennung) for kennung in kennungen):
        raise _fehler(f"{ort} braucht eine Liste „kennungen“ aus nichtleeren Texten (nicht „*“).")
    if not isinstance(gesperrt, bool):
        raise _fehler(f"„gesperrt“ des Kontos {name} ist true oder false.")
    dienste = werte.get("dienste")
    return Konto(
        name=name,
        kennungen=tuple(kennungen),
        gesperrt=gesperrt,
        gebucht=None if gebucht is None else frozenset(_texte(gebucht, f"{ort}, „gebucht“")),
        dienste=_angebote(dienste, kennungen, ort) if isinstance(dienste, list) else None,
        auskunft=_auskunft(dienste, ort),
        antwort=None if werte.get("antwort") is None else _antwort(werte["antwort"], ort, ordner),
    )


def pruefe_schluessel(eintrag: Any, erlaubt: Collection[str], ort: str) -> Mapping[str, Any]:
    """The entry itself, if it is an object without unknown keys; the message suggests what may be meant."""
    if not isinstance(eintrag, Mapping):
        raise _fehler(f"{ort} ist ein Objekt mit {_aufzaehlung(erlaubt)}.")
    for fremd in (str(name) for name in eintrag if name not in erlaubt):
        aehnlich = get_close_matches(fremd, erlaubt, 1)
        hinweis = f" Gemeint ist vielleicht „{aehnlich[0]}“." if aehnlich else ""
        raise _fehler(f"{ort} kennt „{fremd}“ nicht, nur {_aufzaehlung(erlaubt)}.{hinweis}")
    return eintrag


def _angebote(dienste: list[Any], kennungen: Collection[str], ort: str) -> tuple[Angebot, ...]:
    return tuple(_angebot(eintrag, kennungen, f"{ort}, „dienste“") for eintrag in dienste)


def _angebot(eintrag: Any, kennungen: Collection[str], ort: str) -> Angebot:
    if isinstance(eintrag, str):
        eintrag = {"dienst": eintrag}
    werte = pruefe_schluessel(eintrag, _ANGEBOT, ort)
    eigene = _texte(werte.get("kennungen", []), f"{ort}: kennungen")
    if not isinstance(werte.get("dienst"), str):
        raise _fehler(f"{ort}: „dienst“ fehlt oder ist kein Text.")
    if not set(eigene) <= set(kennungen):
        raise _fehler(f"{ort}: {', '.join(sorted(set(eigene) - set(kennungen)))} ist keine Kennung dieses Kontos.")
    if werte.get("weg", "beide") not in _WEGE:
        raise _fehler(f"{ort}: „weg“ ist {', '.join(_WEGE)}.")
    typen = _texte(werte.get("nachrichtentypen", []), f"{ort}: nachrichtentypen")
    return Angebot(werte["dienst"], eigene, typen, werte.get("weg", "beide"))


def _auskunft(dienste: object, ort: str) -> bool:
    if dienste is None or isinstance(dienste, list):
        return True
    if dienste == "unbekannt":
        return False
    raise _fehler(f"{ort}: „dienste“ ist eine Liste oder „unbekannt“.")


def _antwort(eintrag: Any, ort: str, ordner: Path | None) -> Sofortantwort:
    werte = pruefe_schluessel(eintrag, _ANTWORT, f"{ort}, „antwort“")
    if not all(isinstance(wert, str) for wert in werte.values()) or ("text" in werte) == ("datei" in werte):
        raise _fehler(f"{ort}: „antwort“ braucht entweder „text“ oder „datei“, alles als Text.")
    inhalt = werte["text"].encode() if "text" in werte else _lies_antwort(werte["datei"], ort, ordner)
    return Sofortantwort(werte.get("medientyp", "text/xml"), inhalt, werte.get("dateiname", ""))


def _lies_antwort(name: str, ort: str, ordner: Path | None) -> bytes:
    pfad = (ordner or Path()) / name
    try:
        return pfad.read_bytes()
    except OSError as fehler:
        raise _fehler(f"{ort}: Die Antwortdatei {pfad} ist nicht lesbar.") from fehler


def _texte(wert: object, ort: str) -> tuple[str, ...]:
    if not isinstance(wert, list) or not all(isinstance(eines, str) for eines in wert):
        raise _fehler(f"{ort} ist eine Liste aus Texten.")
    return tuple(wert)


def _ist_kennung(wert: object) -> bool:
    return isinstance(wert, str) and bool(wert.strip()) and wert == wert.strip() and wert != "*"


def _aufzaehlung(namen: Iterable[str]) -> str:
    return ", ".join(f"„{name}“" for name in namen)


def _fehler(text: str) -> ConfigError:
    return ConfigError("simulator.konten", text)
