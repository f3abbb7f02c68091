"""Which SQLite library this process uses: one that is new enough, and only one.

Two of them in a process break each other's locks on a file, and so the file. Nothing else of Fachwerk is imported here,
so that who checks the rest can use it, too.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

MINDESTENS = (3, 42)
"""What DBOS needs from Python 3.12 on."""


def sqlite_treiber(version: tuple[int, ...] = sys.version_info[:2]) -> Any:
    """The one SQLite module of a process. On Python 3.12+ DBOS needs libsqlite 3.42 or ``pysqlite3-binary``."""
    if version < (3, 12) or sqlite3.sqlite_version_info >= MINDESTENS:
        return sqlite3
    try:
        import pysqlite3  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from fachwerk.errors import ConfigError

        raise ConfigError(
            "sqlite_zu_alt",
            f"Die SQLite-Bibliothek {sqlite3.sqlite_version} ist für Python {version[0]}.{version[1]} zu alt "
            "(nötig: 3.42). Bitte das Paket pysqlite3-binary installieren oder PostgreSQL verwenden.",
            schluessel="fachwerk.datenbank",
        ) from None
    return pysqlite3
