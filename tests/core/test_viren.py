"""A hit is a hit, clean is clean, and everything else holds the case: never is silence taken for clean."""

from __future__ import annotations

import hashlib
import os
import socket
import socketserver
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.abschnitte import VirenpruefungEinstellungen
from fachwerk.errors import ConfigError, NeedsHumanError, PermanentError
from fachwerk.modell import GehaltenFuer
from fachwerk.testkit.clamd import EICAR, SIGNATUR, FalscherClamd
from fachwerk.viren import STUECK, Clamd, Fund, pruefer, stuecke
from fachwerk.viren_icap import Icap

GROSS = [os.urandom(STUECK), b"", os.urandom(3 * STUECK + 7), b"x"]


def einstellungen(art: str, adresse: str = "", **felder: Any) -> VirenpruefungEinstellungen:
    return VirenpruefungEinstellungen(art=art, adresse=adresse, **felder)


def code(fehler: pytest.ExceptionInfo[NeedsHumanError]) -> str:
    assert fehler.value.fuer is GehaltenFuer.BETRIEB
    return fehler.value.code


@contextmanager
def dienst(gespraech: Callable[[BinaryIO, BinaryIO], None]) -> Iterator[int]:
    """A service on loopback that holds ``gespraech`` with everybody who connects; gives its port."""

    class Gespraech(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            gespraech(self.rfile, self.wfile)  # type: ignore[arg-type]
            self.wfile.flush()
            self.request.shutdown(socket.SHUT_WR)
            while self.rfile.read(65536):
                pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Gespraech) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def test_no_file_of_the_repository_contains_the_test_virus() -> None:
    hier = Path(__file__).resolve()
    for datei in (hier, hier.parents[2] / "core/src/fachwerk/testkit/clamd.py"):
        assert EICAR not in datei.read_bytes()
    assert len(EICAR) == 68
    assert hashlib.md5(EICAR, usedforsecurity=False).hexdigest() == "44d88612fea8a8f36de82e1278abb02f"


def test_without_a_scanner_there_is_nothing_to_ask() -> None:
    assert pruefer(einstellungen("keine")) is None


def test_the_configuration_chooses_the_scanner() -> None:
    assert isinstance(pruefer(einstellungen("clamd", "tcp://127.0.0.1:3310")), Clamd)
    assert isinstance(pruefer(einstellungen("icap", "icap://127.0.0.1/avscan")), Icap)


@pytest.mark.parametrize(
    ("art", "adresse"),
    [("clamd", "tcp://"), ("clamd", "tcp://rechner"), ("clamd", "tcp://rechner:x"), ("icap", "icap://:1")],
)
def test_an_address_that_cannot_be_one_is_a_configuration_error(art: str, adresse: str) -> None:
    with pytest.raises(ConfigError, match="virenpruefung_adresse"):
        pruefer(einstellungen(art, adresse))


@given(st.lists(st.binary(max_size=3 * 1024), max_size=5))
def test_pieces_are_never_empty_never_too_long_and_lose_nothing(strom: list[bytes]) -> None:
    ergebnis = list(stuecke(strom))
    assert all(0 < len(stueck) <= STUECK for stueck in ergebnis)
    assert b"".join(ergebnis) == b"".join(strom)


@pytest.mark.parametrize("strom", [[], [b""], [b"harmlos"], GROSS], ids=["nichts", "leer", "klein", "gross"])
def test_clamd_says_clean(strom: list[bytes]) -> None:
    with FalscherClamd() as clamd:
        assert Clamd(clamd.adresse).pruefe(strom) is None
        assert clamd.gesehen == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, len(EICAR)), st.binary(max_size=50))
def test_clamd_finds_the_test_virus_wherever_the_pieces_are_cut(schnitt: int, davor: bytes) -> None:
    with FalscherClamd() as clamd:
        fund = Clamd(clamd.adresse).pruefe([davor + EICAR[:schnitt], EICAR[schnitt:]])
    assert fund == Fund(SIGNATUR)


def test_clamd_is_reached_over_a_unix_socket_too(tmp_path: Path) -> None:
    pfad = tmp_path / "clamd.ctl"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as horcher:
        horcher.bind(str(pfad))
        horcher.listen()

        def antworte() -> None:
            leitung, _ = horcher.accept()
            with leitung, leitung.makefile("rb") as lesbar:
                assert lesbar.read(6) == b"zPING\0"
                leitung.sendall(b"PONG\0")

        faden = Thread(target=antworte)
        faden.start()
        Clamd(f"unix:{pfad}").erreichbar()
        faden.join()


def test_content_larger_than_clamd_takes_is_named_as_such() -> None:
    with FalscherClamd(grenze=1000) as clamd, pytest.raises(NeedsHumanError) as fehler:
        Clamd(clamd.adresse).pruefe([b"x" * 1001])
    assert code(fehler) == "viren_zu_gross"


@pytest.mark.parametrize(
    "antwort", [b"", b"\0", b"stream: OK?\0", b"ERROR\0", b"FOUND\0", b"stream: Access denied. ERROR\0", b"x" * 9999]
)
def test_an_answer_nobody_understands_is_not_clean(antwort: bytes) -> None:
    with FalscherClamd(antwort=antwort) as clamd, pytest.raises(NeedsHumanError) as fehler:
        Clamd(clamd.adresse).pruefe([b"x"])
    assert code(fehler) == "viren_keine_antwort"


def test_a_scanner_that_is_not_there_holds_the_case() -> None:
    with socket.socket() as frei:
        frei.bind(("127.0.0.1", 0))
        port = frei.getsockname()[1]
    for scanner in (Clamd(f"tcp://127.0.0.1:{port}"), Icap(f"icap://127.0.0.1:{port}/av")):
        with pytest.raises(NeedsHumanError) as fehler:
            scanner.pruefe([b"x"])
        assert code(fehler) == "viren_keine_antwort"
        assert fehler.value.__context__ is None
        with pytest.raises(NeedsHumanError):
            scanner.erreichbar()


def test_a_scanner_that_stays_silent_holds_the_case() -> None:
    with socket.socket() as horcher:
        horcher.bind(("127.0.0.1", 0))
        horcher.listen()
        port = horcher.getsockname()[1]
        for scanner in (Clamd(f"tcp://127.0.0.1:{port}", 0.05), Icap(f"icap://127.0.0.1:{port}/av", 0.05)):
            with pytest.raises(NeedsHumanError) as fehler:
                scanner.pruefe([b"x"])
            assert code(fehler) == "viren_keine_antwort"
            assert fehler.value.details == {"grund": "TimeoutError"}


def test_content_that_cannot_be_read_is_no_matter_of_the_scanner() -> None:
    def strom() -> Iterator[bytes]:
        yield b"x"
        raise PermanentError("inhalt.fehlt", "Der Inhalt ist gelöscht.")

    with FalscherClamd() as clamd, pytest.raises(PermanentError, match=r"inhalt\.fehlt"):
        Clamd(clamd.adresse).pruefe(strom())
    with icap() as (adresse, _), pytest.raises(PermanentError, match=r"inhalt\.fehlt"):
        Icap(adresse).pruefe(strom())


def test_the_stand_in_can_be_started_as_a_program() -> None:
    befehl = [sys.executable, "-m", "fachwerk.testkit.clamd", "--port", "0"]
    with subprocess.Popen(befehl, stdout=subprocess.PIPE, text=True) as prozess:
        try:
            assert prozess.stdout is not None
            scanner = Clamd(prozess.stdout.readline().strip())
            scanner.erreichbar()
            assert scanner.pruefe([EICAR]) == Fund(SIGNATUR)
        finally:
            prozess.terminate()


SAUBER = b"ICAP/1.0 204 No Content\r\n\r\n"
SEITE = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n"
INFIZIERT = (
    b"ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=" + SIGNATUR.encode() + b";\r\n"
    b"Encapsulated: res-hdr=0, res-body=%d\r\n\r\n" % len(SEITE) + SEITE + b"4\r\nnein\r\n0\r\n\r\n"
)
OPTIONEN = b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nAllow: 204\r\n%s\r\nEncapsulated: null-body=0\r\n\r\n"
UNVERAENDERT = b"HTTP/1.1 200 OK\r\n\r\n"


def kopf(lesbar: BinaryIO) -> list[str]:
    zeilen = []
    while (zeile := lesbar.readline()) not in (b"\r\n", b""):
        zeilen.append(zeile.decode().strip())
    return zeilen


def bloecke(lesbar: BinaryIO) -> tuple[bytes, bool]:
    """Chunked content, and whether the preview said that this is all."""
    inhalt = b""
    while True:
        laenge, _, zusatz = lesbar.readline().partition(b";")
        if int(laenge, 16) == 0:
            lesbar.readline()
            return inhalt, b"ieof" in zusatz
        inhalt += lesbar.read(int(laenge, 16))
        lesbar.readline()


@contextmanager
def icap(
    vorschau: bytes = b"Preview: 4", urteil: Callable[[bytes], bytes] | None = None, frueh: bytes = b""
) -> Iterator[tuple[str, list[bytes]]]:
    """An ICAP service that knows EICAR; ``urteil`` replaces its verdict, ``frueh`` comes right after the preview."""
    gesehen: list[bytes] = []

    def gespraech(lesbar: BinaryIO, schreibbar: BinaryIO) -> None:
        zeilen = kopf(lesbar)
        if zeilen[0].startswith("OPTIONS"):
            schreibbar.write(OPTIONEN % vorschau if vorschau else OPTIONEN.replace(b"%s\r\n", b""))
            return
        assert "Allow: 204" in zeilen
        kopf(lesbar)
        kopf(lesbar)
        inhalt, alles = bloecke(lesbar)
        mit_vorschau = any(zeile.startswith("Preview:") for zeile in zeilen)
        if frueh:
            schreibbar.write(frueh)
            return
        if mit_vorschau and not alles:
            schreibbar.write(b"ICAP/1.0 100 Continue\r\n\r\n")
            schreibbar.flush()
            inhalt += bloecke(lesbar)[0]
        gesehen.append(inhalt)
        schreibbar.write(urteil(inhalt) if urteil else (INFIZIERT if EICAR in inhalt else SAUBER))

    with dienst(gespraech) as port:
        yield f"icap://127.0.0.1:{port}/avscan", gesehen


@pytest.mark.parametrize("vorschau", [b"", b"Preview: 0", b"Preview: 4", b"Preview: 1024"])
@pytest.mark.parametrize(
    "strom", [[], [b"abc"], [b"ab", b"cd"], [b"abcde"], GROSS], ids=["leer", "drei", "vier", "fuenf", "gross"]
)
def test_icap_gets_all_content_with_any_preview_and_says_clean(vorschau: bytes, strom: list[bytes]) -> None:
    with icap(vorschau) as (adresse, gesehen):
        assert Icap(adresse).pruefe(strom) is None
    assert gesehen == [b"".join(strom)]


def test_a_hit_that_is_named_stays_one_when_the_field_comes_again_without_a_name() -> None:
    antwort = b"ICAP/1.0 204 No Content\r\nX-Virus-ID: Eicar\r\nX-Virus-ID:\r\n\r\n"
    with icap(urteil=lambda _: antwort) as (adresse, _):
        assert Icap(adresse).pruefe([b"harmlos"]) == Fund("Eicar")


@pytest.mark.parametrize("vorschau", [b"", b"Preview: 4", b"Preview: 1024"])
def test_icap_finds_the_test_virus(vorschau: bytes) -> None:
    with icap(vorschau) as (adresse, _):
        assert Icap(adresse).pruefe([b"davor", EICAR[:20], EICAR[20:], *GROSS]) == Fund(SIGNATUR)


def test_a_hit_after_the_preview_ends_the_conversation() -> None:
    with icap(frueh=INFIZIERT) as (adresse, _):
        assert Icap(adresse).pruefe(GROSS) == Fund(SIGNATUR)


def zurueck(inhalt: bytes) -> bytes:
    return (
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=%d\r\n\r\n" % len(UNVERAENDERT)
        + UNVERAENDERT
        + b"%x\r\n%s\r\n0\r\n\r\n" % (len(inhalt), inhalt)
    )


def test_a_service_that_sends_clean_content_back_says_clean() -> None:
    with icap(urteil=zurueck) as (adresse, _):
        assert Icap(adresse).pruefe([b"harmlos"]) is None
        assert Icap(adresse).pruefe(GROSS) is None


@pytest.mark.parametrize(
    "antwort",
    [
        zurueck(b"anderes"),
        INFIZIERT.replace(b"X-Infection-Found", b"X-Etwas"),
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=19\r\n\r\n" + UNVERAENDERT,
    ],
)
def test_replaced_content_is_a_hit_even_without_a_name(antwort: bytes) -> None:
    with icap(urteil=lambda _: antwort) as (adresse, _):
        assert Icap(adresse).pruefe([b"harmlos"]) == Fund("icap.inhalt_ersetzt")


@pytest.mark.parametrize(
    "antwort",
    [
        b"",
        b"ICAP/1.0 500 Server Error\r\n\r\n",
        b"ICAP/1.0 404 Not Found\r\n\r\n",
        b"HALLO\r\n\r\n",
        b"ICAP/1.0 204 No Content\r\nX: ",
        b"ICAP/1.0 0204 No Content\r\n\r\n",
        b"ICAP/1.0 00000204 No Content\r\n\r\n",
        b"ICAP/ 204 No Content\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        zurueck(b"harmlos").replace(b"HTTP/1.1 200", b"ICAP/1.0 200"),
        zurueck(b"harmlos")[:-20],
        zurueck(b"harmlos").replace(b"\r\n7\r\n", b"\r\n-1\r\n"),
        b"ICAP/1.0 204 No Content\r\n" + b"X: y\r\n" * 200,
    ],
)
def test_an_icap_answer_nobody_understands_is_not_clean(antwort: bytes) -> None:
    with icap(urteil=lambda _: antwort) as (adresse, _), pytest.raises(NeedsHumanError) as fehler:
        Icap(adresse).pruefe([b"harmlos"])
    assert code(fehler) == "viren_keine_antwort"


def test_icap_may_say_that_content_is_too_large() -> None:
    with icap(urteil=lambda _: b"ICAP/1.0 413 Too Large\r\n\r\n") as (adresse, _), pytest.raises(NeedsHumanError) as f:
        Icap(adresse).pruefe([b"x"])
    assert code(f) == "viren_zu_gross"


def test_an_unknown_icap_service_is_no_scanner() -> None:
    with (
        dienst(lambda lesbar, schreibbar: schreibbar.write(b"ICAP/1.0 404 Not Found\r\n\r\n") and None) as port,
        pytest.raises(NeedsHumanError) as fehler,
    ):
        Icap(f"icap://127.0.0.1:{port}/falsch").erreichbar()
    assert fehler.value.details == {"grund": "icap_404"}
