"""What an I/O hook is given: kept-alive clients, a clock, secrets, and content only where it may arrive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fachwerk.errors import ConfigError
from fachwerk.host import Host
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk.transport import Verbindung
from fachwerk.wirt import Wirt

JETZT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def test_it_is_the_host_of_the_contract(tmp_path: Path) -> None:
    wirt: Host = Wirt("probe", tmp_path, SpeicherInhalt(), {"KENNWORT": "geheim"}, uhr=lambda: JETZT)
    assert wirt.ordner == tmp_path
    assert wirt.now() == JETZT
    assert wirt.secret("env:KENNWORT") == "geheim"
    assert wirt.inhalt.schreibe([b"x"]).laenge == 1
    assert not wirt.gespeichert("1")


def test_the_clock_is_aware_and_in_utc(tmp_path: Path) -> None:
    assert Wirt("probe", tmp_path).now().tzinfo is UTC


def test_a_secret_never_stands_in_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="geheimnis_verweis"):
        Wirt("probe", tmp_path, umgebung={}).secret("geheim")


def test_one_client_serves_one_connection_until_the_end(tmp_path: Path) -> None:
    wirt = Wirt("probe", tmp_path)
    eine, andere = Verbindung(), Verbindung(lesen_s=5)
    client = wirt.http(eine)
    abkoemmling = wirt.mit(SpeicherInhalt(), lambda nachricht_id: nachricht_id == "1")
    assert abkoemmling.http(Verbindung()) is client
    assert wirt.http(andere) is not client
    abkoemmling.schliesse()
    assert client.is_closed
    neuer = wirt.http(eine)
    assert neuer is not client
    wirt.schliesse()


def test_a_client_somebody_closed_is_replaced(tmp_path: Path) -> None:
    wirt = Wirt("probe", tmp_path)
    wirt.http(Verbindung()).close()
    assert not wirt.http(Verbindung()).is_closed
    wirt.schliesse()


def test_a_hook_that_receives_nothing_has_no_content_store(tmp_path: Path) -> None:
    wirt = Wirt("probe", tmp_path, gespeichert=lambda nachricht_id: True)
    with pytest.raises(LookupError):
        _ = wirt.inhalt
    mit_inhalt = wirt.mit(SpeicherInhalt())
    assert mit_inhalt.inhalt.schreibe([]).laenge == 0
    assert mit_inhalt.gespeichert("1")
