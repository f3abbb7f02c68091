"""The contract tests of this adapter; ``fachwerk konformitaet muster_fachverfahren`` runs them and writes the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fachwerk_muster_fachverfahren
from fachwerk.testkit import AdapterContract, Zielstelle
from fachwerk_muster_fachverfahren.simulator import Simulator

KENNWORT = "erfundenes-kennwort"


class TestMusterFachverfahren(AdapterContract):
    """Everything is inherited."""

    plugin = fachwerk_muster_fachverfahren
    gegen = "den Simulator dieses Pakets; das Fachverfahren selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """The simulator, empty."""
        with Simulator(ordner, KENNWORT) as fachverfahren:
            werte = {"adresse": fachverfahren.adresse, "kennwort": "env:PROBE_KENNWORT", "mandant": "musterow"}
            geheimnisse = {"env:PROBE_KENNWORT": KENNWORT}
            yield Zielstelle(werte, fachverfahren.faelle, geheimnisse=geheimnisse)
