"""The certificate of a server that is not trusted can be looked at, and nothing but looked at."""

from __future__ import annotations

import ast
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

import fachwerk
from fachwerk import server_zertifikat
from fachwerk.transport import Verbindung, lies_server_zertifikat

JETZT = datetime.now(UTC).replace(microsecond=0)
SCHNELL = Verbindung(verbinden_s=5)


def name(gemein: str, organisation: str = "") -> x509.Name:
    attribute = [x509.NameAttribute(NameOID.COMMON_NAME, gemein)]
    attribute += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name(attribute)


GATEWAY, SERVER = name("Prüf-Gateway", "Musterow IT"), name("xta.example")


@pytest.fixture
def kontext(tmp_path: Path) -> Callable[..., ssl.SSLContext]:
    """A server's side with a certificate of a CA nobody knows; ``mit_pflicht`` demands one of the client."""

    def baue(
        aussteller: x509.Name = GATEWAY,
        inhaber: x509.Name = SERVER,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        mit_pflicht: bool = False,
    ) -> ssl.SSLContext:
        schluessel = ec.generate_private_key(ec.SECP256R1())
        zertifikat = (
            x509.CertificateBuilder()
            .subject_name(inhaber)
            .issuer_name(aussteller)
            .public_key(schluessel.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(JETZT - timedelta(days=9))
            .not_valid_after(JETZT - timedelta(days=1))
            .sign(schluessel, hashes.SHA256())
        )
        datei = tmp_path / "server.pem"
        pem = schluessel.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        datei.write_bytes(pem + zertifikat.public_bytes(Encoding.PEM))
        seite = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        seite.load_cert_chain(datei)
        seite.maximum_version = version
        if mit_pflicht:
            seite.verify_mode = ssl.CERT_REQUIRED
            seite.load_verify_locations(datei)
        return seite

    return baue


@contextlib.contextmanager
def server(bediene: Callable[[socket.socket], None]) -> Iterator[int]:
    """Hands one connection to ``bediene``; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as lauscher:

        def laufe() -> None:
            with contextlib.suppress(OSError):
                leitung, _ = lauscher.accept()
                with leitung, contextlib.suppress(OSError):
                    bediene(leitung)

        faden = threading.Thread(target=laufe, daemon=True)
        faden.start()
        yield lauscher.getsockname()[1]
        with contextlib.suppress(OSError):
            lauscher.shutdown(socket.SHUT_RDWR)
        faden.join(10)


def tls_server(seite: ssl.SSLContext, gehoert: list[bytes]) -> Callable[[socket.socket], None]:
    def bediene(leitung: socket.socket) -> None:
        with seite.wrap_socket(leitung, server_side=True, suppress_ragged_eofs=True) as tls:
            gehoert.append(tls.recv(100))

    return bediene


@pytest.mark.parametrize("mit_pflicht", [False, True])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_is_read_whatever_the_server_demands_of_us(
    kontext: Callable[..., ssl.SSLContext], version: ssl.TLSVersion, mit_pflicht: bool
) -> None:
    seite = kontext(version=version, mit_pflicht=mit_pflicht)
    with server(tls_server(seite, [])) as port:
        gezeigt = lies_server_zertifikat("127.0.0.1", port, SCHNELL)
    assert gezeigt is not None
    assert (gezeigt.inhaber, gezeigt.aussteller) == ("xta.example", "Prüf-Gateway, Musterow IT")
    assert (gezeigt.gueltig_ab, gezeigt.gueltig_bis) == (JETZT - timedelta(days=9), JETZT - timedelta(days=1))
    assert not gezeigt.selbst_ausgestellt
    assert x509.load_der_x509_certificate(gezeigt.der).subject == name("xta.example")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_byte_of_a_request_ever_goes_over_it(
    kontext: Callable[..., ssl.SSLContext], version: ssl.TLSVersion
) -> None:
    gehoert: list[bytes] = []
    with server(tls_server(kontext(version=version), gehoert)) as port:
        assert lies_server_zertifikat("127.0.0.1", port, SCHNELL) is not None
    assert b"".join(gehoert) == b""


def test_no_other_place_in_the_core_opens_an_unverified_connection() -> None:
    def unsicher(knoten: ast.AST) -> bool:
        if isinstance(knoten, ast.Attribute):
            return knoten.attr in ("CERT_NONE", "_create_unverified_context")
        return isinstance(knoten, ast.keyword) and knoten.arg == "verify" and ast.unparse(knoten.value) == "False"

    quellen = Path(fachwerk.__file__).parent.rglob("*.py")
    orte = {p.name for p in quellen if any(map(unsicher, ast.walk(ast.parse(p.read_text(encoding="utf-8")))))}
    assert orte == {"server_zertifikat.py"}


def test_a_certificate_that_vouches_for_itself_is_named_so(kontext: Callable[..., ssl.SSLContext]) -> None:
    seite = kontext(aussteller=name("allein"), inhaber=name("allein"))
    with server(tls_server(seite, [])) as port:
        gezeigt = lies_server_zertifikat("127.0.0.1", port, SCHNELL)
    assert gezeigt is not None
    assert gezeigt.selbst_ausgestellt


def test_names_come_from_anybody_and_are_made_harmless(kontext: Callable[..., ssl.SSLContext]) -> None:
    seite = kontext(aussteller=name("Bös\x1b[31m<script>" + "x" * 45))
    with server(tls_server(seite, [])) as port:
        gezeigt = lies_server_zertifikat("127.0.0.1", port, SCHNELL)
    assert gezeigt is not None
    assert gezeigt.aussteller == "Bös31mscript" + "x" * 45


def durch_den_tunnel(seite: ssl.SSLContext, wuensche: list[bytes], antwort: bytes) -> Callable[[socket.socket], None]:
    def bediene(leitung: socket.socket) -> None:
        wunsch = b""
        while not wunsch.endswith(b"\r\n\r\n"):
            wunsch += leitung.recv(1)
        wuensche.append(wunsch)
        leitung.sendall(antwort)
        tls_server(seite, [])(leitung)

    return bediene


def test_a_proxy_that_breaks_tls_open_is_seen_through_its_own_tunnel(kontext: Callable[..., ssl.SSLContext]) -> None:
    wuensche: list[bytes] = []
    with server(durch_den_tunnel(kontext(), wuensche, b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n")) as port:
        verbindung = Verbindung(proxy=f"http://anna:ge%3Aheim@127.0.0.1:{port}", verbinden_s=5)
        gezeigt = lies_server_zertifikat("xta.example", 443, verbindung)
    assert gezeigt is not None
    assert gezeigt.aussteller.startswith("Prüf-Gateway")
    zeilen = wuensche[0].decode().splitlines()
    assert zeilen[:3] == [
        "CONNECT xta.example:443 HTTP/1.1",
        "Host: xta.example:443",
        "Proxy-Authorization: Basic YW5uYTpnZTpoZWlt",
    ]


@pytest.mark.parametrize("antwort", [b"HTTP/1.1 407 Nein\r\n\r\n", b"", b"\x16\x03\x01\r\n\r\n"])
def test_a_proxy_that_makes_no_tunnel_shows_nothing(kontext: Callable[..., ssl.SSLContext], antwort: bytes) -> None:
    def bediene(leitung: socket.socket) -> None:
        leitung.recv(1000)
        leitung.sendall(antwort)

    with server(bediene) as port:
        verbindung = Verbindung(proxy=f"http://127.0.0.1:{port}", verbinden_s=5)
        assert lies_server_zertifikat("xta.example", 443, verbindung) is None


def test_a_kind_of_proxy_it_cannot_look_through_shows_nothing() -> None:
    assert lies_server_zertifikat("xta.example", 443, Verbindung(proxy="socks5://127.0.0.1:1")) is None


@pytest.mark.parametrize(
    "antwort", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\x00\x05\x0b\x00", b"\x15"]
)
def test_a_server_that_shows_none_is_no_error(antwort: bytes) -> None:
    def bediene(leitung: socket.socket) -> None:
        leitung.recv(1000)
        leitung.sendall(antwort)

    with server(bediene) as port:
        assert lies_server_zertifikat("127.0.0.1", port, SCHNELL) is None


def test_nobody_listening_is_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as lauscher:
        port = lauscher.getsockname()[1]
    assert lies_server_zertifikat("127.0.0.1", port, SCHNELL) is None


@given(st.binary(max_size=300))
def test_whatever_a_server_sends_the_look_at_it_ends(gelesen: bytes) -> None:
    for anfang in (b"", b"\x16\x03\x03", b"\x16\x03\x03\x01\x00\x0b\x00\x00\x90\x00\x00\x8d"):
        ergebnis = server_zertifikat._aus_klartext(anfang + gelesen)
        assert ergebnis is None or isinstance(ergebnis, bytes)
