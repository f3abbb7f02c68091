"""Which SQLite library a process uses: one that is new enough, and only one."""

from __future__ import annotations

import sqlite3
import threading
import types
from typing import Any

import pytest

from fachwerk import datenbank as datenbank_modul
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.engine import Engine, Schlange
from fachwerk.errors import ConfigError
from fachwerk.sqlite import sqlite_treiber


def test_an_old_sqlite_library_on_a_new_python_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    monkeypatch.setitem(__import__("sys").modules, "pysqlite3", None)
    assert sqlite_treiber((3, 11)) is sqlite3
    with pytest.raises(ConfigError, match="pysqlite3-binary"):
        sqlite_treiber((3, 12))
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 42, 0))
    assert sqlite_treiber((3, 12)) is sqlite3


def test_no_other_sqlite_library_of_the_process_ever_touches_the_file(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them break each other's locks: on Python 3.13 with ``pysqlite3-binary`` the file was malformed at once."""

    def fremd(*_: Any, **__: Any) -> None:
        raise AssertionError("Python's own library opens a file that another one has open")

    unsere = types.ModuleType("unsere")
    vars(unsere).update(vars(sqlite_treiber()))
    monkeypatch.setattr(datenbank_modul, "sqlite_treiber", lambda: unsere)
    monkeypatch.setattr(sqlite3, "connect", fremd)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", fremd)
    getan = threading.Event()
    datenbank = oeffne_datenbank(sqlite_url)
    engine = Engine(datenbank, "test-1", {"tu": lambda *_: getan.set()}, [Schlange("linie", 4)], lambda *_: None)
    try:
        engine.starte()
        with datenbank.begin() as verbindung:
            engine.auftraege.reihe_ein(verbindung, "tu", "linie", "a", "eins")
        assert getan.wait(30)
    finally:
        engine.stoppe(5)
        datenbank.dispose()
