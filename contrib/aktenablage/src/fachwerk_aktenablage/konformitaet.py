"""The contract tests of this target; ``fachwerk konformitaet aktenablage`` runs them and writes the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fachwerk_aktenablage
from fachwerk.testkit import AdapterContract, Zielstelle


class TestAktenablage(AdapterContract):
    """Everything is inherited."""

    plugin = fachwerk_aktenablage
    gegen = "einen Ordner auf dieser Maschine"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty folder."""
        yield Zielstelle.im_ordner(ordner / "akten")
