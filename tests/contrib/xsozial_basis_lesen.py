"""Messages as files in a folder, and how the plugin reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fachwerk_xsozial_basis as plugin
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Eingang
from fachwerk_xsozial_basis.client import eingang_aus


def eingang(ordner: Path, xml: bytes | None = None, **anlagen: bytes) -> Eingang:
    """A message of files; ``anhang_0001_pdf=…`` becomes ``anhang_0001.pdf``."""
    dateien = {} if xml is None else {"nachricht.xml": xml}
    dateien |= {".".join(name.rsplit("_", 1)): inhalt for name, inhalt in anlagen.items()}
    for name, inhalt in dateien.items():
        (ordner / name).write_bytes(inhalt)
    return eingang_aus(*(ordner / name for name in dateien)).model_copy(
        update={"empfangen": datetime(2025, 12, 1, 9, 0, tzinfo=UTC)}
    )


def verstanden(ordner: Path, xml: bytes, **anders: Any) -> Antrag:
    return plugin.verstehe(eingang(ordner, xml).model_copy(update=anders))


def frage(ordner: Path, xml: bytes, **anders: Any) -> NeedsHumanError:
    with pytest.raises(NeedsHumanError) as fehler:
        verstanden(ordner, xml, **anders)
    return fehler.value
