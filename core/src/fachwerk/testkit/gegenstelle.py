"""The other side of an adapter, as its conformance test sees it: how to reach it, and what is there.

A vendor yields one of these from ``gegenstelle``; the kit does everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from fachwerk.testkit.wirt import ANFANG

Ankunft = dict[str, bytes]
"""One case that arrived: name → content of each of its files. What is still being written did not arrive."""

Datei = tuple[str, str, bytes]
"""Name, media type and content of one part of a message."""


def sichtbare_ordner(ordner: Path) -> list[Ankunft]:
    """Every folder in ``ordner`` is a case; names that start with a dot are work of the adapter and nobody's case."""
    if not ordner.is_dir():
        return []
    return [_dateien(fall) for fall in sorted(ordner.iterdir()) if fall.is_dir() and not fall.name.startswith(".")]


def _dateien(fall: Path) -> Ankunft:
    alle = (pfad for pfad in sorted(fall.rglob("*")) if pfad.is_file() and not pfad.name.startswith("."))
    return {pfad.relative_to(fall).as_posix(): pfad.read_bytes() for pfad in alle}


@dataclass
class Zielstelle:
    """A fresh target. ``einstellungen`` are the keys of ``[ziel.…]``; ``angekommen`` lists what is there, complete.

    ``ordner`` is the folder a folder target writes to: the kit fills it up, locks it and takes it away. ``wurzel`` is
    where relative paths of the settings are meant from, ``zeit`` where the clock stands (TLS wants the real time).
    ``daneben`` are other sections of ``fachwerk.toml`` that settings with ``im_umfeld`` want to see, for example
    ``{"kanal": {"post": {"plugin": …}}, "route": [{"leistung": "*", "ziel": "ziel"}]}``.
    """

    einstellungen: Mapping[str, Any]
    angekommen: Callable[[], Sequence[Ankunft]]
    ordner: Path | None = None
    wurzel: Path | None = None
    geheimnisse: Mapping[str, str] = field(default_factory=dict)
    zeit: datetime = ANFANG
    name: str = "ziel"
    daneben: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def im_ordner(
        cls,
        ordner: Path,
        lies: Callable[[Path], Sequence[Ankunft]] = sichtbare_ordner,
        schluessel: str = "verzeichnis",
        **einstellungen: Any,
    ) -> Self:
        """A folder target: ``schluessel`` is the key that names its folder (absolute), ``lies`` reads what is there."""
        ordner.mkdir(parents=True, exist_ok=True)
        werte = {schluessel: str(ordner.absolute()), **einstellungen}
        return cls(werte, lambda: lies(ordner), ordner=ordner.absolute())


@dataclass
class Kanalstelle:
    """A fresh mailbox. ``lege_hin`` puts one message in it (its parts, the message itself first).

    ``wartend`` counts the messages it still holds open. ``lege_halb_hin`` puts one there that is not complete yet and
    returns what completes it; None: on this way nothing can be half there. ``kanal`` are the keys of the core
    (``kennung``, ``leistung``, ``land``), ``daneben`` other sections of ``fachwerk.toml`` as at :class:`Zielstelle`.
    """

    einstellungen: Mapping[str, Any]
    lege_hin: Callable[[Sequence[Datei]], None]
    wartend: Callable[[], int]
    lege_halb_hin: Callable[[Sequence[Datei]], Callable[[], None]] | None = None
    ordner: Path | None = None
    wurzel: Path | None = None
    kanal: Mapping[str, str] = field(default_factory=dict)
    geheimnisse: Mapping[str, str] = field(default_factory=dict)
    zeit: datetime = ANFANG
    name: str = "kanal"
    daneben: Mapping[str, Any] = field(default_factory=dict)
