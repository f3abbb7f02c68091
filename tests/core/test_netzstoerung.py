"""The proxy between two processes: what it is told to do to a connection happens to it, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from fachwerk.testkit.netzstoerung import ARTEN, Netzstoerung

GEDULD_S = 20.0


class Echo:
    """Answers each line with the same line and remembers it."""

    def __init__(self) -> None:
        self.gehoert: list[bytes] = []
        self._kam = threading.Condition()
        self.lauscher = socket.create_server(("127.0.0.1", 0))
        self.adresse = self.lauscher.getsockname()
        threading.Thread(target=self._nimm_an, daemon=True).start()

    def _nimm_an(self) -> None:
        while True:
            try:
                verbindung, _ = self.lauscher.accept()
            except OSError:
                return
            threading.Thread(target=self._antworte, args=(verbindung,), daemon=True).start()

    def _antworte(self, verbindung: socket.socket) -> None:
        try:
            with verbindung, verbindung.makefile("rb") as strom:
                for zeile in strom:
                    with self._kam:
                        self.gehoert.append(zeile)
                        self._kam.notify_all()
                    verbindung.sendall(zeile)
        except OSError:
            return

    def warte_auf(self, zeile: bytes) -> None:
        with self._kam:
            assert self._kam.wait_for(lambda: zeile in self.gehoert, GEDULD_S)


@pytest.fixture
def kulisse() -> Iterator[ExitStack]:
    with ExitStack() as stapel:
        yield stapel


@pytest.fixture
def echo(kulisse: ExitStack) -> Echo:
    gegenueber = Echo()
    kulisse.callback(gegenueber.lauscher.close)
    return gegenueber


@pytest.fixture
def netz(kulisse: ExitStack, echo: Echo) -> Netzstoerung:
    return kulisse.enter_context(Netzstoerung(echo.adresse))


def verbinde(netz: Netzstoerung) -> socket.socket:
    return socket.create_connection(("127.0.0.1", netz.port), GEDULD_S)


def sage(buchse: socket.socket, zeile: bytes) -> bytes:
    """What comes back; nothing for an end or a reset."""
    try:
        buchse.sendall(zeile)
        antwort = b""
        while not antwort.endswith(b"\n"):
            stueck = buchse.recv(65536)
            if not stueck:
                return b""
            antwort += stueck
    except ConnectionError:
        return b""
    return antwort


def versuche(netz: Netzstoerung, zeile: bytes) -> bytes:
    """The answer over a connection of its own; nothing if it fails at once or later."""
    try:
        with verbinde(netz) as buchse:
            return sage(buchse, zeile)
    except ConnectionError:
        return b""


def test_netz_without_a_fault_everything_passes_whole(netz: Netzstoerung) -> None:
    gross = b"x" * 3_000_000 + b"\n"
    with verbinde(netz) as buchse:
        antworten: list[bytes] = []
        leser = threading.Thread(target=lambda: antworten.append(buchse.makefile("rb").readline()))
        leser.start()
        buchse.sendall(gross)
        leser.join(GEDULD_S)
    assert antworten == [gross]


def test_netz_a_cut_ends_what_is_open_and_what_comes_until_it_is_mended(netz: Netzstoerung) -> None:
    alte = verbinde(netz)
    assert sage(alte, b"1\n") == b"1\n"
    netz.stoere("schnitt")
    assert sage(alte, b"2\n") == b""
    assert versuche(netz, b"3\n") == b""
    netz.heile()
    assert versuche(netz, b"4\n") == b"4\n"


def test_netz_a_counted_cut_strikes_so_many_connections_and_no_more(netz: Netzstoerung) -> None:
    netz.stoere("schnitt", anzahl=2)
    assert [versuche(netz, b"a\n") for _ in range(4)] == [b"", b"", b"a\n", b"a\n"]
    assert netz.getroffen == 2


def test_netz_what_is_held_goes_on_whole_when_it_is_mended(netz: Netzstoerung, echo: Echo) -> None:
    with verbinde(netz) as buchse:
        assert sage(buchse, b"vorher\n") == b"vorher\n"
        netz.stoere("halt")
        buchse.sendall(b"gehalten\n")
        buchse.settimeout(0.05)
        with pytest.raises(TimeoutError):
            buchse.recv(10)
        assert echo.gehoert == [b"vorher\n"]
        buchse.settimeout(GEDULD_S)
        netz.heile()
        assert buchse.recv(100) == b"gehalten\n"


def test_netz_a_swallowed_answer_means_the_request_arrived(netz: Netzstoerung, echo: Echo) -> None:
    netz.stoere("stumm", anzahl=1, ab_bytes=10)
    with verbinde(netz) as buchse:
        assert sage(buchse, b"kurz\n") == b"kurz\n"
        assert sage(buchse, b"lang genug\n") == b""
    echo.warte_auf(b"lang genug\n")
    with verbinde(netz) as buchse:
        assert sage(buchse, b"noch laenger als das\n") == b"noch laenger als das\n"


def test_netz_slow_is_slow_and_whole_and_a_target_that_moved_is_found_again(netz: Netzstoerung) -> None:
    netz.stoere("bremse", verzoegerung_s=0.01)
    with verbinde(netz) as buchse:
        assert sage(buchse, b"langsam\n") == b"langsam\n"
    zweites = Echo()
    netz.heile()
    netz.ziel = zweites.adresse
    with verbinde(netz) as buchse:
        assert sage(buchse, b"umgezogen\n") == b"umgezogen\n"
    zweites.lauscher.close()
    assert zweites.gehoert == [b"umgezogen\n"]


def test_netz_every_kind_can_be_ordered_and_nothing_else(netz: Netzstoerung) -> None:
    for art in ARTEN:
        netz.stoere(art)
        assert netz.art == art
    with pytest.raises(AssertionError):
        netz.stoere("unbekannt")
