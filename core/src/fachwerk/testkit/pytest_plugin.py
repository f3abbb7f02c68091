"""Fixtures for tests of the core and of plugins; pytest finds them through the entry point ``pytest11``.

Everything heavy is imported inside the fixtures, so that a project that uses none of them pays nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from fachwerk.testkit.postgres import PostgresServer
    from fachwerk.testkit.windows import Windows
    from fachwerk.testkit.wirt import FakeHost


def nicht_geprueft(grund: str) -> NoReturn:
    """Say loudly that something could not be checked: a skip with ``grund``, under CI=true a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"must be checked under CI, but was not: {grund}", pytrace=False)
    pytest.skip(f"NOT CHECKED: {grund}")


def _postgres(*, fsync: bool) -> PostgresServer:
    from fachwerk.testkit.postgres import PostgresNichtDa, PostgresServer

    try:
        return PostgresServer.neu(fsync=fsync)
    except PostgresNichtDa as fehler:
        nicht_geprueft(str(fehler))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests of this process; make databases on it, do not stop it; it waits for no disk."""
    server = _postgres(fsync=False)
    yield server
    server.entferne()


@pytest.fixture
def eigener_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for one test alone, which may stop, restart or kill it."""
    server = _postgres(fsync=True)
    yield server
    server.entferne()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """SQLAlchemy address of an empty PostgreSQL database, dropped after the test."""
    url = postgres_server.neue_datenbank()
    yield url
    postgres_server.loesche_datenbank(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy address of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'fachwerk.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def datenbank_url(request: pytest.FixtureRequest) -> str:
    """SQLAlchemy address of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def fake_host(tmp_path: Path) -> FakeHost:
    """A Host in memory whose folder is ``tmp_path``; set its attributes to shape the world of the test."""
    from fachwerk.testkit.wirt import FakeHost

    return FakeHost(ordner=tmp_path)


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Windows:
    """Below ``tmp_path`` the file system behaves as on Windows, for file code that is to run there."""
    from fachwerk.testkit.windows import Windows

    return Windows(tmp_path, monkeypatch)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of ``datenbank_url`` for projects that do not declare it themselves."""
    config.addinivalue_line("markers", "postgresql: needs a PostgreSQL server (started from the pip wheel)")
