"""``python -m fachwerk.testkit.laut BEFEHL …``: the command ``fachwerk`` with every logger at DEBUG.

For tests that look for content where none may be: what the quiet log never says, the loud one might.
"""

from __future__ import annotations

import logging
import sys
from typing import Any


def mache_laut() -> None:
    """From now on nobody can quieten a logger: whatever we or a library say at DEBUG goes to the standard error."""
    from fachwerk import protokoll

    einrichten = protokoll.einrichten

    def laut(form: Any = "text", **_: Any) -> None:
        einrichten(form, stufe=logging.DEBUG)

    protokoll.einrichten = laut
    logging.getLogger().setLevel(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.NOTSET)  # also who was quietened before
    setattr(logging.Logger, "setLevel", _ohne_wirkung)  # noqa: B010  an assignment does not pass the type check


def _ohne_wirkung(_logger: logging.Logger, _stufe: int | str) -> None:
    """Takes the place of ``setLevel``."""


def main() -> None:
    """Run one command of ``fachwerk``."""
    mache_laut()
    from fachwerk.cli import starte

    raise SystemExit(starte(sys.argv[1:]))


if __name__ == "__main__":
    main()
