"""How commands print: aligned tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

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


@contextmanager
def fortschritt(was: str) -> Iterator[Callable[[int], None]]:
    """A counter on the terminal for what takes longer; nothing where standard error is none."""
    if not sys.stderr.isatty():
        yield lambda _anzahl: None
        return
    try:
        yield lambda anzahl: click.echo(f"\r{anzahl} {was} …", err=True, nl=False)
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


def zeige(
    konfig: Path | None,
    hole: Callable[[Betrieb], list[dict[str, Any]]],
    kopf: Sequence[str],
    als_zeile: Callable[[dict[str, Any]], Sequence[str]],
    leer: str,
    als_json: bool,
) -> None:
    """Open the installation and print what ``hole`` finds there: JSON, a table, or ``leer`` where there is nothing."""
    from fachwerk.betrieb import oeffne_betrieb

    betrieb = oeffne_betrieb(konfig, nur_genannte=True)
    try:
        gefunden = hole(betrieb)
    finally:
        betrieb.schliesse()
    if als_json:
        json_aus(gefunden)
    else:
        click.echo(tabelle(kopf, [*map(als_zeile, gefunden)]) if gefunden else leer)


def _zeile(zeile: Sequence[str], breiten: Sequence[int], links: int, rest: int) -> list[str]:
    vorn = "".join(wert.ljust(breite) + _LUECKE for wert, breite in zip(zeile, breiten, strict=False))
    absatz = textwrap.wrap(zeile[-1], rest, break_long_words=False, break_on_hyphens=False) or [""]
    return [(vorn + absatz[0]).rstrip(), *(" " * links + weiter for weiter in absatz[1:])]
