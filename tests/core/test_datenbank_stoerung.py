"""The database goes away under a plugin: a disturbance of ours, which waits, never the plugin's broken contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.datenbank import DatenbankGestoert, aktualisiere, oeffne_datenbank
from fachwerk.empfangsinhalt import Empfangsinhalt
from fachwerk.hookspecs import hookimpl
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.modell import Art, Befund, Eingang, Manifest, Teil
from fachwerk.plugins import Plugins
from fachwerk.schluessel import Schluesselbund
from fachwerk.stuecke import STUECK
from fachwerk.testkit.postgres import PostgresServer

pytestmark = pytest.mark.postgresql

GROSS = bytes(STUECK + 1)
"""Content that is not kept in memory until the case is made, but written as it arrives."""


@pytest.fixture
def datenbank(eigener_postgres: PostgresServer) -> Iterator[sa.Engine]:
    engine = oeffne_datenbank(eigener_postgres.neue_datenbank())
    aktualisiere(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def empfang(datenbank: sa.Engine) -> Empfangsinhalt:
    return Empfangsinhalt(datenbank, Inhaltsspeicher(datenbank, Schluesselbund(bytes(32))))


def kanalplugin(receive: Callable[..., Any]) -> Plugins:
    def check(kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        return []

    def acknowledge(kanal: Any, eingang: Eingang, host: Any) -> None:
        host.teil.lies()

    modul = ModuleType("fachwerk_x")
    angaben = Manifest(name="x", version="1.0.0", arten=frozenset({Art.KANAL}))
    hooks = {"manifest": lambda: angaben, "receive": receive, "acknowledge": acknowledge, "check": check}
    for name, funktion in hooks.items():
        setattr(modul, name, hookimpl(specname=name)(funktion))
    return Plugins.aus_modulen({"x": modul})


def schreibt(host: Any) -> Iterator[Eingang]:
    teil = host.schreibe([GROSS])
    yield Eingang(kanal="k", nachricht_id="1", empfangen=datetime(2026, 11, 2, 8, 0, tzinfo=UTC), teile=(teil,))


def test_a_plugin_that_reads_content_is_not_blamed(empfang: Empfangsinhalt, eigener_postgres: PostgresServer) -> None:
    teil = empfang.schreibe([GROSS])

    class Wirt:
        class teil:  # noqa: N801  the host's attribute
            @staticmethod
            def lies() -> bytes:
                with teil.oeffnen() as strom:
                    return strom.read()

    plugins = kanalplugin(lambda kanal, host: iter(()))
    eigener_postgres.kill9()
    eingang = Eingang(kanal="k", nachricht_id="1", empfangen=datetime(2026, 11, 2, 8, 0, tzinfo=UTC), teile=())
    with pytest.raises(DatenbankGestoert) as fehler:
        plugins.rufe("x", "acknowledge", kanal=None, eingang=eingang, host=Wirt)
    assert "SELECT" not in str(fehler.value)


def test_a_plugin_that_writes_content_is_not_blamed(empfang: Empfangsinhalt, eigener_postgres: PostgresServer) -> None:
    plugins = kanalplugin(lambda kanal, host: schreibt(host))
    strom = plugins.rufe("x", "receive", kanal=None, host=empfang)
    eigener_postgres.kill9()
    with pytest.raises(DatenbankGestoert):
        next(strom)
    eigener_postgres.start()
    [eingang] = plugins.rufe("x", "receive", kanal=None, host=empfang)
    assert lies(eingang.teile[0]) == GROSS


def lies(teil: Teil) -> bytes:
    with teil.oeffnen() as strom:
        return strom.read()


def test_a_stream_cut_by_the_database_names_no_content(
    empfang: Empfangsinhalt, eigener_postgres: PostgresServer
) -> None:
    def strom() -> Iterator[bytes]:
        yield bytes(2 << 20)
        eigener_postgres.kill9()
        yield b"Erika Mustermann" + bytes(2 << 20)

    with pytest.raises(DatenbankGestoert) as fehler:
        empfang.schreibe(strom())
    assert "Erika" not in str(fehler.value)
    assert fehler.value.params is None
