"""How commands print: aligned tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import click

_LUECKE = "  "


def json_aus(wert: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(wert, ensure_ascii=False, indent=2))


def tabelle(kopf: Sequence[str], zeilen: Sequence[Sequence[str]]) -> str:
    """Aligned columns; the last one is wrapped to the width of the terminal."""
    breiten = [max(len(zeile[spalte]) for zeile in [kopf, *zeilen]) for spalte in range(len(kopf) - 1)]
    links = sum(breiten) + len(_LUECKE) * len(breiten)
    rest = max(30, shutil.get_terminal_size((110, 24)).columns - links)
    return "\n".join(text for zeile in [kopf, *zeilen] for text in _zeile(zeile, breiten, links, rest))


def _zeile(zeile: Sequence[str], breiten: Sequence[int], links: int, rest: int) -> list[str]:
    vorn = "".join(wert.ljust(breite) + _LUECKE for wert, breite in zip(zeile, breiten, strict=False))
    absatz = textwrap.wrap(zeile[-1], rest, break_long_words=False, break_on_hyphens=False) or [""]
    return [(vorn + absatz[0]).rstrip(), *(" " * links + weiter for weiter in absatz[1:])]
