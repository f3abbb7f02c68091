"""Which case a command means, and the installation it lies in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store


@contextmanager
def geoeffneter_betrieb(konfig: Path | None) -> Iterator[Betrieb]:
    """The whole installation, for as long as a command acts."""
    from fachwerk.betrieb import oeffne_betrieb

    betrieb = oeffne_betrieb(konfig)
    try:
        yield betrieb
    finally:
        betrieb.schliesse()


def volle_kennung(store: Store, anfang: str) -> str:
    """The full id for the first characters a person typed. Raises ``UsageError`` unless exactly one case is meant."""
    gefunden = store.finde_vorgang(anfang)
    if len(gefunden) == 1:
        return gefunden[0]
    was = "Kein Vorgang beginnt" if not gefunden else "Mehrere Vorgänge beginnen"
    raise click.UsageError(f"{was} mit „{anfang}“. Bitte mit „fachwerk vorgang list“ nachsehen.")
