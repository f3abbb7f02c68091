"""Clients that always verify, always time out, and say precisely whether something may have been sent."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from fachwerk.errors import ConfigError, NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import GehaltenFuer
from fachwerk.transport import (
    Verbindung,
    classify,
    oeffne,
    pruefe_schluessel,
    zertifikat_restlaufzeit,
    zertifikatsangaben,
)

JETZT = datetime.now(UTC).replace(microsecond=0)
ANTWORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Pki:
    """A certificate authority in a folder; every certificate is written as NAME.crt and NAME.key."""

    def __init__(self, ordner: Path, name: str = "Pruef-CA") -> None:
        self.ordner = ordner
        self.schluessel = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.zertifikat = (
            self._bau(self.name, self.schluessel.public_key(), JETZT - timedelta(days=2), JETZT + timedelta(days=90))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.schluessel, hashes.SHA256())
        )
        self.ca = ordner / f"{name}.crt"
        self.ca.write_bytes(self.zertifikat.public_bytes(Encoding.PEM))

    def _bau(
        self, name: x509.Name, schluessel: ec.EllipticCurvePublicKey, ab: datetime, bis: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(schluessel)
            .serial_number(x509.random_serial_number())
            .not_valid_before(ab)
            .not_valid_after(bis)
        )

    def stelle_aus(
        self,
        name: str,
        *,
        tage: int = 30,
        kennwort: str | None = None,
        alternativ: x509.GeneralName | None = None,
    ) -> tuple[Path, Path]:
        schluessel = ec.generate_private_key(ec.SECP256R1())
        wer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternativ = alternativ or x509.IPAddress(ip_address("127.0.0.1"))
        ab = JETZT - timedelta(days=2)
        self.letztes = (
            self._bau(wer, schluessel.public_key(), ab, JETZT + timedelta(days=tage))
            .add_extension(x509.SubjectAlternativeName([alternativ]), critical=False)
            .sign(self.schluessel, hashes.SHA256())
        )
        self.letzter_schluessel = schluessel
        crt, key = self.ordner / f"{name}.crt", self.ordner / f"{name}.key"
        crt.write_bytes(self.letztes.public_bytes(Encoding.PEM))
        schutz = BestAvailableEncryption(kennwort.encode()) if kennwort else NoEncryption()
        key.write_bytes(schluessel.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, schutz))
        return crt, key


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


@contextlib.contextmanager
def server(antworte: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Accepts connections one after the other and hands each to ``antworte``; yields its address."""
    lauscher = socket.create_server(("127.0.0.1", 0))

    def laufe() -> None:
        while True:
            try:
                verbindung, _ = lauscher.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), verbindung:
                if tls is None:
                    antworte(verbindung)
                else:
                    with tls.wrap_socket(verbindung, server_side=True) as gesichert:
                        antworte(gesichert)

    faden = threading.Thread(target=laufe, daemon=True)
    faden.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{lauscher.getsockname()[1]}/"
    finally:
        lauscher.shutdown(socket.SHUT_RDWR)
        lauscher.close()
        faden.join(5)


def lies_anfrage(verbindung: socket.socket) -> bytes:
    anfrage = b""
    while b"\r\n\r\n" not in anfrage and (stueck := verbindung.recv(4096)):
        anfrage += stueck
    return anfrage


def antworte_ok(verbindung: socket.socket) -> None:
    if lies_anfrage(verbindung):
        verbindung.sendall(ANTWORT)


def serverkontext(pki: Pki, crt: Path, key: Path, *, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kontext.load_cert_chain(crt, key)
    kontext.verify_mode = ssl.CERT_REQUIRED
    kontext.load_verify_locations(pki.ca)
    if version is not None:
        kontext.maximum_version = version
    return kontext


def frage(verbindung: Verbindung, url: str, *, idempotent: bool = True) -> StepError:
    with oeffne(verbindung) as http, pytest.raises(Exception) as fehler:  # noqa: PT011
        http.get(url).raise_for_status()
    return classify(fehler.value, idempotent=idempotent)


def test_both_sides_show_their_certificate(pki: Pki) -> None:
    tls = serverkontext(pki, *pki.stelle_aus("server"))
    crt, key = pki.stelle_aus("leser", kennwort="geheim")
    verbindung = Verbindung(zertifikat=crt, privatschluessel=key, passphrase="geheim", ca=pki.ca)
    with server(antworte_ok, tls) as url, oeffne(verbindung) as http:
        assert http.get(url).text == "ok"


def test_a_pkcs12_file_is_as_good_as_two_pem_files_and_leaves_no_key_behind(
    pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = serverkontext(pki, *pki.stelle_aus("server"))
    pki.stelle_aus("leser")
    p12 = tmp_path / "leser.p12"
    p12.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"leser", pki.letzter_schluessel, pki.letztes, None, BestAvailableEncryption(b"geheim")
        )
    )
    zwischen = tmp_path / "zwischen"
    zwischen.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(zwischen))
    verbindung = Verbindung(zertifikat=p12, passphrase="geheim", ca=pki.ca)
    with server(antworte_ok, tls) as url, oeffne(verbindung) as http:
        assert http.get(url).text == "ok"
    assert list(zwischen.iterdir()) == []
    assert zertifikatsangaben(p12, "geheim").inhaber == "leser"
    with pytest.raises(ConfigError, match=r"transport\.p12_unlesbar"):
        oeffne(Verbindung(zertifikat=p12, passphrase="falsch", ca=pki.ca))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("wer", ["niemand", "fremder", "abgelaufener"])
@pytest.mark.parametrize("idempotent", [True, False])
def test_a_refused_client_certificate_stops_the_route_for_the_betrieb(
    pki: Pki, tmp_path: Path, version: ssl.TLSVersion, wer: str, idempotent: bool
) -> None:
    tls = serverkontext(pki, *pki.stelle_aus("server"), version=version)
    crt: Path | None = None
    key: Path | None = None
    if wer == "fremder":
        (tmp_path / "fremd").mkdir()
        crt, key = Pki(tmp_path / "fremd", "Fremde-CA").stelle_aus("fremder")
    elif wer == "abgelaufener":
        crt, key = pki.stelle_aus("abgelaufener", tage=-1)
    with server(antworte_ok, tls) as url:
        fehler = frage(Verbindung(zertifikat=crt, privatschluessel=key, ca=pki.ca), url, idempotent=idempotent)
    assert isinstance(fehler, NeedsHumanError)
    assert (fehler.code, fehler.fuer) == ("transport.client_zertifikat", GehaltenFuer.BETRIEB)
    assert fehler.routenfehler


@pytest.mark.parametrize(
    ("stoerung", "worin"),
    [
        ("fremde_ca", "ein Proxy dazwischen"),
        ("falscher_name", "anderen Rechnernamen"),
        ("abgelaufen", "abgelaufen"),
    ],
)
def test_an_untrusted_server_is_never_spoken_to(pki: Pki, tmp_path: Path, stoerung: str, worin: str) -> None:
    (tmp_path / "fremd").mkdir()
    andere = Pki(tmp_path / "fremd", "Fremde-CA")
    name = x509.DNSName("anderswo.example") if stoerung == "falscher_name" else None
    crt, key = pki.stelle_aus("server", tage=-1 if stoerung == "abgelaufen" else 30, alternativ=name)
    tls = serverkontext(pki, crt, key)
    gesehen: list[bytes] = []
    with server(lambda s: gesehen.append(lies_anfrage(s)), tls) as url:
        fehler = frage(Verbindung(ca=andere.ca if stoerung == "fremde_ca" else pki.ca), url)
    assert isinstance(fehler, NeedsHumanError)
    assert fehler.code == "transport.server_zertifikat"
    assert fehler.routenfehler
    assert worin in fehler.frage
    assert gesehen == []


def test_a_plain_http_port_behind_an_https_address_is_named() -> None:
    with server(lambda s: s.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        fehler = frage(Verbindung(), url.replace("http:", "https:"))
    assert fehler.code == "transport.tls_version"


def test_nobody_listening_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as lauscher:
        port = lauscher.getsockname()[1]
    fehler = frage(Verbindung(), f"http://127.0.0.1:{port}/", idempotent=False)
    assert isinstance(fehler, RetryableError)
    assert fehler.code == "transport.nicht_erreichbar"


def kappe_sofort(verbindung: socket.socket) -> None:
    lies_anfrage(verbindung)


def kappe_mitten_im_text(verbindung: socket.socket) -> None:
    lies_anfrage(verbindung)
    verbindung.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalb")


def rede_unsinn(verbindung: socket.socket) -> None:
    lies_anfrage(verbindung)
    verbindung.sendall(b"guten Tag\r\n\r\n")


@pytest.mark.parametrize("stoerung", [kappe_sofort, kappe_mitten_im_text, rede_unsinn])
@pytest.mark.parametrize(("idempotent", "art"), [(True, RetryableError), (False, OutcomeUnknownError)])
def test_a_lost_answer_is_repeated_only_where_that_is_harmless(
    stoerung: Callable[[socket.socket], None], idempotent: bool, art: type[StepError]
) -> None:
    with server(stoerung) as url:
        assert isinstance(frage(Verbindung(), url, idempotent=idempotent), art)


def test_a_wrong_address_asks_the_betrieb_and_our_own_errors_pass_unchanged() -> None:
    assert frage(Verbindung(), "ftp://127.0.0.1/").code == "transport.url_ungueltig"
    eigener = PermanentError("x.y", "z")
    assert classify(eigener, idempotent=True) is eigener


def test_a_proxy_of_the_process_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with server(antworte_ok) as url, oeffne(Verbindung()) as http:
        assert http.get(url).text == "ok"


def test_a_configured_proxy_is_used() -> None:
    gesehen: list[bytes] = []

    def merke(verbindung: socket.socket) -> None:
        gesehen.append(lies_anfrage(verbindung))
        verbindung.sendall(ANTWORT)

    with server(merke) as url, oeffne(Verbindung(proxy=url)) as http:
        assert http.get("http://postfach.example/").text == "ok"
    assert gesehen[0].startswith(b"GET http://postfach.example/ ")


def test_every_client_has_all_timeouts_and_zero_is_refused() -> None:
    with oeffne(Verbindung(verbinden_s=1, lesen_s=2, schreiben_s=3)) as http:
        assert http.timeout == httpx.Timeout(connect=1, read=2, write=3, pool=1)
    for zeit in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ConfigError, match="lesen_s"):
            Verbindung(lesen_s=zeit)


def test_secrets_do_not_show() -> None:
    text = repr(Verbindung(passphrase="geheim", proxy="http://nutzer:geheim@proxy.example"))
    assert "geheim" not in text
    assert hash(Verbindung(lesen_s=5)) == hash(Verbindung(lesen_s=5))


@pytest.mark.parametrize(
    ("fall", "code"),
    [
        ("kein_zertifikat", "transport.datei_fehlt"),
        ("kein_schluessel", "transport.datei_fehlt"),
        ("unsinn", "transport.schluessel_unlesbar"),
        ("fremder_schluessel", "transport.schluessel_passt_nicht"),
        ("ohne_passphrase", "transport.passphrase_falsch"),
        ("falsche_passphrase", "transport.passphrase_falsch"),
        ("keine_ca", "transport.datei_fehlt"),
        ("unsinnige_ca", "transport.datei_unlesbar"),
    ],
)
def test_every_bad_file_is_named_with_its_key(pki: Pki, tmp_path: Path, fall: str, code: str) -> None:
    crt, key = pki.stelle_aus("leser", kennwort="geheim" if "passphrase" in fall else None)
    ca, passphrase = pki.ca, None
    if fall == "kein_zertifikat":
        crt = tmp_path / "fehlt.crt"
    elif fall == "kein_schluessel":
        key = tmp_path / "fehlt.key"
    elif fall == "unsinn":
        key.write_text("kein Schlüssel")
    elif fall == "fremder_schluessel":
        key = pki.stelle_aus("anderer")[1]
    elif fall == "falsche_passphrase":
        passphrase = "falsch"
    elif fall == "keine_ca":
        ca = tmp_path / "fehlt.pem"
    elif fall == "unsinnige_ca":
        ca = tmp_path / "unsinn.pem"
        ca.write_text("keine CA")
    with pytest.raises(ConfigError) as fehler:
        oeffne(Verbindung(zertifikat=crt, privatschluessel=key, passphrase=passphrase, ca=ca))
    assert fehler.value.code == code
    assert str(tmp_path) in fehler.value.hint


def test_the_certificate_tells_how_long_it_lasts(pki: Pki, tmp_path: Path) -> None:
    crt, key = pki.stelle_aus("leser", tage=30)
    assert zertifikat_restlaufzeit(crt, JETZT) == timedelta(days=30)
    assert zertifikat_restlaufzeit(crt, JETZT + timedelta(days=31)) == timedelta(days=-1)
    angaben = zertifikatsangaben(crt)
    assert (angaben.inhaber, angaben.gueltig_ab) == ("leser", JETZT - timedelta(days=2))
    pruefe_schluessel(Verbindung(zertifikat=crt, privatschluessel=key))
    with pytest.raises(ConfigError, match="zertifikat_unlesbar"):
        zertifikatsangaben(key)


def test_a_certificate_renewed_in_its_place_makes_another_connection(pki: Pki) -> None:
    crt, key = pki.stelle_aus("leser")

    def verbindung() -> Verbindung:
        return Verbindung(zertifikat=crt, privatschluessel=key, ca=pki.ca)

    vorher = verbindung()
    assert (vorher, hash(vorher)) == (verbindung(), hash(verbindung()))
    os.utime(crt, ns=(1, 1))
    assert verbindung() != vorher
    assert Verbindung(zertifikat=Path("fehlt.crt")) == Verbindung(zertifikat=Path("fehlt.crt"))
