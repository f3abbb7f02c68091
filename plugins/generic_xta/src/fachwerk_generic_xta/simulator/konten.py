"""Accounts of the simulator: which certificate (CN) owns which party identifiers, and whether it is locked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")
_VERGEBEN = frozenset({"ca", "server"})

BEISPIEL: dict[str, Any] = {
    "konten": {
        "leser": {"kennungen": ["wbs:130030000000", "wgb:130030000000"], "gesperrt": False},
        "portal": {"kennungen": ["gae:musterland-portal"], "gesperrt": False},
        "gesperrt": {"kennungen": ["wbs:130040000000"], "gesperrt": True},
    }
}


@dataclass(frozen=True)
class Konto:
    """An account; ``name`` is the common name of its certificate, ``kennungen`` its party identifiers."""

    name: str
    kennungen: tuple[str, ...]
    gesperrt: bool = False


def lies_konten(pfad: Path) -> dict[str, Konto]:
    """Read ``konten.json``; every problem is a :class:`ConfigError` that names the file."""
    try:
        return pruefe_konten(json.loads(pfad.read_text(encoding="utf-8")))
    except (OSError, ValueError) as fehler:
        raise ConfigError("simulator.konten", f"{pfad} ist nicht lesbar oder kein JSON.", datei=str(pfad)) from fehler
    except ConfigError as fehler:
        raise ConfigError(fehler.code, f"{pfad}: {fehler.hint}", datei=str(pfad)) from fehler


def pruefe_konten(roh: Mapping[str, Any]) -> dict[str, Konto]:
    """Accounts by name. A party identifier belongs to one account only, because it is one mailbox."""
    eintraege = roh.get("konten") if isinstance(roh, Mapping) else None
    if not isinstance(eintraege, Mapping) or set(roh) != {"konten"} or not eintraege:
        raise _fehler('Erwartet wird {"konten": {"NAME": {"kennungen": ["…"], "gesperrt": false}}}.')
    konten = {str(name): _konto(str(name), eintrag) for name, eintrag in eintraege.items()}
    besitzer: dict[str, str] = {}
    for konto in konten.values():
        for kennung in konto.kennungen:
            if besitzer.setdefault(kennung, konto.name) != konto.name:
                raise _fehler(f"Die Kennung {kennung} steht bei {besitzer[kennung]} und bei {konto.name}.")
    return konten


def _konto(name: str, eintrag: Any) -> Konto:
    if not _NAME.fullmatch(name) or name.lower() in _VERGEBEN:
        raise _fehler(
            f"Der Kontoname {name!r} geht nicht: höchstens 41 Zeichen aus Buchstaben, Ziffern, Punkt, Strich "
            "und Unterstrich, nicht „ca“ oder „server“."
        )
    if not isinstance(eintrag, Mapping) or not set(eintrag) <= {"kennungen", "gesperrt"}:
        raise _fehler(f"Das Konto {name} kennt nur „kennungen“ und „gesperrt“.")
    kennungen, gesperrt = eintrag.get("kennungen"), eintrag.get("gesperrt", False)
    if not isinstance(kennungen, list) or not kennungen or not all(_ist_kennung(kennung) for kennung in kennungen):
        raise _fehler(f"Das Konto {name} braucht eine Liste „kennungen“ aus nichtleeren Texten (nicht „*“).")
    if not isinstance(gesperrt, bool):
        raise _fehler(f"„gesperrt“ des Kontos {name} ist true oder false.")
    return Konto(name, tuple(kennungen), gesperrt)


def _ist_kennung(wert: object) -> bool:
    return isinstance(wert, str) and bool(wert.strip()) and wert == wert.strip() and wert != "*"


def _fehler(text: str) -> ConfigError:
    return ConfigError("simulator.konten", text)
