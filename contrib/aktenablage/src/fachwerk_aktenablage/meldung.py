"""What a refusing disk means for a case folder, in words an operator can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from fachwerk.ablage import Stoermelder
from fachwerk.errors import RetryableError

MELDER = Stoermelder("ablage", "Aktenablage", danach="der Vorgang wird danach von selbst erneut abgelegt")


@contextlib.contextmanager
def fehler_des_spiegels(hauptordner: Path) -> Iterator[None]:
    """A mirror that fails says that the case itself is safe; only the mirror is tried again."""
    try:
        yield
    except RetryableError as grund:
        raise RetryableError(
            "ablage.spiegel",
            f"Die Akte liegt in {hauptordner}; im Spiegel fehlt sie noch. {grund.hint}",
            {**grund.details, "grund": grund.code},
        ) from grund
