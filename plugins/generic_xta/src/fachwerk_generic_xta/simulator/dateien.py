"""Files that are there whole or not at all, however the process ends.

Nothing is synced: what the system has taken survives a kill, and a test server need not survive a power cut.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def schreibe_ganz(pfad: Path, inhalt: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    vorlaeufig = pfad.with_name(pfad.name + ".neu")
    vorlaeufig.write_bytes(inhalt)
    os.replace(vorlaeufig, pfad)


def als_json(wert: Mapping[str, Any]) -> bytes:
    """JSON as the folder of the simulator keeps it."""
    return json.dumps(wert, ensure_ascii=False, indent=1).encode()
