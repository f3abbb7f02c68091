"""Who may speak with the simulator at all, and what its certificates say."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID

from fachwerk.demo.prozesse import warte
from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import Ausweis, XtaSimulator, neue_ca, neues_zertifikat, schreibe_ausweis

KONTEN = {"konten": {"leser": {"kennungen": ["wbs:130030000000"]}}}
VON = datetime(2026, 1, 1, tzinfo=UTC)
BIS = datetime(2036, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XtaSimulator]:
    with XtaSimulator(tmp_path_factory.mktemp("sim"), KONTEN) as laufend:
        yield laufend


def abgewiesen(simulator: XtaSimulator, kontext: ssl.SSLContext) -> bool:
    """Whether TLS itself refuses (with TLS 1.3 the client learns it at its first read)."""
    try:
        with httpx.Client(verify=kontext, trust_env=False) as client:
            client.get(simulator.urls["management"])
    except (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return True
    return False


def test_without_a_certificate_nobody_gets_in(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    zugang = simulator.zugang("leser")
    assert not abgewiesen(simulator, xta_gegenstelle.tls(zugang))
    assert abgewiesen(simulator, xta_gegenstelle.tls(zugang, mit_zertifikat=False))


def test_a_foreign_ca_and_an_expired_certificate_are_refused(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, tmp_path: Path
) -> None:
    jetzt = datetime.now(UTC)
    von, bis = jetzt - timedelta(days=1), jetzt + timedelta(days=1)
    fremd = neues_zertifikat("leser", von, bis, ca=neue_ca("Fachwerk-Simulator CA", von, bis))
    eigene_ca = _lies(simulator.pki / "ca.crt", simulator.pki / "ca.key")
    faelle = {
        "fremd": fremd,
        "abgelaufen": neues_zertifikat("leser", jetzt - timedelta(days=2), von, ca=eigene_ca),
        "zukunft": neues_zertifikat("leser", bis, bis + timedelta(days=1), ca=eigene_ca),
        "server": neues_zertifikat("leser", von, bis, ca=eigene_ca, servernamen=["localhost"]),
    }
    for name, ausweis in faelle.items():
        crt, key = schreibe_ausweis(tmp_path, name, ausweis)
        zugang = dataclasses.replace(simulator.zugang("leser"), zertifikat=crt, privatschluessel=key)
        assert abgewiesen(simulator, xta_gegenstelle.tls(zugang)), name


@pytest.mark.parametrize(
    ("name", "alarm", "grund"),
    [
        ("abgelaufen", "certificate expired", "Clientzertifikat abgelaufen"),
        ("noch-nicht-gueltig", "bad certificate", "Clientzertifikat noch nicht gültig"),
        ("fremd", "unknown ca", "Clientzertifikat einer fremden CA"),
        ("", "certificate required", "kein Clientzertifikat gezeigt"),
    ],
)
def test_the_client_reads_the_alert_and_the_log_the_reason(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, name: str, alarm: str, grund: str
) -> None:
    probe = simulator.pki / "probe"
    zugang = dataclasses.replace(
        simulator.zugang("leser"), zertifikat=probe / f"{name}.crt", privatschluessel=probe / f"{name}.key"
    )
    kontext = xta_gegenstelle.tls(zugang, mit_zertifikat=bool(name))
    with (
        httpx.Client(verify=kontext, trust_env=False) as client,
        pytest.raises((httpx.ReadError, httpx.WriteError, httpx.ConnectError), match=f"(?i)alert {alarm}"),
    ):
        client.post(simulator.urls["management"], content=b"x" * 300_000)
    zeile, protokoll = f"| TLS | - | abgewiesen: {grund}", simulator.ordner / "anfragen.log"
    warte(lambda: zeile in protokoll.read_text(), zeile)  # the client may hear of it first


def test_the_rehearsal_certificate_of_nobody_gets_9012(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    probe = simulator.pki / "probe"
    zugang = dataclasses.replace(
        simulator.zugang("leser"), zertifikat=probe / "unbekannt.crt", privatschluessel=probe / "unbekannt.key"
    )
    with xta_gegenstelle.Gegenstelle(simulator, "leser") as client:
        client.client = httpx.Client(verify=xta_gegenstelle.tls(zugang), trust_env=False)
        assert client.rufe("checkAccountActive").fehlernummer == "9012"


@pytest.mark.parametrize(
    ("art", "grund"),
    [
        ("fremd", "unable to get local issuer certificate"),
        ("inspektion", "unable to get local issuer certificate"),
        ("abgelaufen", "certificate has expired"),
        ("falscher_name", "not valid for|mismatch"),
    ],
)
def test_the_server_can_show_certificates_a_client_must_refuse(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, art: str, grund: str
) -> None:
    kontext = xta_gegenstelle.tls(simulator.zugang("leser"))
    simulator.steuere({"tls": art})
    try:
        with httpx.Client(verify=kontext, trust_env=False) as client, pytest.raises(httpx.ConnectError, match=grund):
            client.get(simulator.urls["management"])
    finally:
        assert simulator.steuere({"tls": "normal"})["tls"] == "normal"
    assert not abgewiesen(simulator, kontext)


def test_behind_an_inspection_nobody_has_a_certificate(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    """Who trusts the firewall gets through, but is nobody there."""
    zugang = dataclasses.replace(simulator.zugang("leser"), ca=simulator.pki / "probe" / "firewall-ca.crt")
    simulator.steuere({"tls": "inspektion"})
    try:
        with xta_gegenstelle.Gegenstelle(simulator, "leser") as client:
            client.client = httpx.Client(verify=xta_gegenstelle.tls(zugang), trust_env=False)
            assert client.rufe("checkAccountActive").fehlernummer == "9012"
    finally:
        simulator.steuere({"tls": "normal"})


def test_a_pkcs12_file_lies_beside_each_certificate(simulator: XtaSimulator) -> None:
    datei = simulator.pki / "leser.p12"
    assert stat.S_IMODE(datei.stat().st_mode) == 0o600
    schluessel, zertifikat, weitere = load_key_and_certificates(datei.read_bytes(), b"simulator")
    assert schluessel is not None
    assert zertifikat == x509.load_pem_x509_certificate(simulator.zugang("leser").zertifikat.read_bytes())
    assert weitere == [x509.load_pem_x509_certificate(simulator.zugang("leser").ca.read_bytes())]


def test_an_account_the_server_does_not_know_gets_9012(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType, tmp_path: Path
) -> None:
    jetzt = datetime.now(UTC)
    ca = _lies(simulator.pki / "ca.crt", simulator.pki / "ca.key")
    ausweis = neues_zertifikat("niemand", jetzt - timedelta(days=1), jetzt + timedelta(days=1), ca=ca)
    schreibe_ausweis(simulator.pki, "niemand", ausweis)
    with xta_gegenstelle.Gegenstelle(simulator, "niemand") as client:
        assert client.rufe("checkAccountActive").fehlernummer == "9012"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused_by_the_server(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> None:
    kontext = xta_gegenstelle.tls(simulator.zugang("leser"))
    kontext.set_ciphers("ALL:@SECLEVEL=0")
    kontext.minimum_version = ssl.TLSVersion.TLSv1
    kontext.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection((simulator.host, simulator.port)) as verbindung,
        pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"),
    ):
        kontext.wrap_socket(verbindung, server_hostname=simulator.host)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_server_is_known_under_both_names(simulator: XtaSimulator, xta_gegenstelle: ModuleType, name: str) -> None:
    with httpx.Client(verify=xta_gegenstelle.tls(simulator.zugang("leser")), trust_env=False) as client:
        assert client.get(f"https://{name}:{simulator.port}/").status_code == 405


def test_a_client_that_says_nothing_does_not_block_the_others(
    simulator: XtaSimulator, xta_gegenstelle: ModuleType
) -> None:
    with (
        socket.create_connection((simulator.host, simulator.port)),
        xta_gegenstelle.Gegenstelle(simulator, "leser") as client,
    ):
        assert client.rufe("checkAccountActive").status == 200


def test_keys_are_private_and_certificates_say_what_they_are_for(simulator: XtaSimulator) -> None:
    for schluessel in simulator.pki.rglob("*.key"):
        assert stat.S_IMODE(schluessel.stat().st_mode) == 0o600, schluessel.name
    ca, server, konto = (
        x509.load_pem_x509_certificate((simulator.pki / f"{name}.crt").read_bytes())
        for name in ("ca", "server", "leser")
    )
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert ca.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    zwecke = [
        list(zertifikat.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for zertifikat in (server, konto)
    ]
    assert zwecke == [[ExtendedKeyUsageOID.SERVER_AUTH], [ExtendedKeyUsageOID.CLIENT_AUTH]]
    kennung = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    for zertifikat in (server, konto):
        aussteller = zertifikat.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert aussteller.key_identifier == kennung
        zertifikat.verify_directly_issued_by(ca)


def test_the_validity_is_the_one_asked_for() -> None:
    ca = neue_ca("CA", VON, BIS)
    zertifikat = neues_zertifikat("a", VON, BIS, ca=ca).zertifikat
    assert (zertifikat.not_valid_before_utc, zertifikat.not_valid_after_utc) == (VON, BIS)


def test_a_new_account_gets_its_certificate_and_a_lost_one_a_new_one(tmp_path: Path) -> None:
    with XtaSimulator(tmp_path, KONTEN) as simulator:
        alt = simulator.zugang("leser").zertifikat.read_bytes()
    mehr = {"konten": {**KONTEN["konten"], "neu": {"kennungen": ["wbs:130040000000"]}}}
    with XtaSimulator(tmp_path, mehr) as simulator:
        assert simulator.zugang("leser").zertifikat.read_bytes() == alt
        assert simulator.zugang("neu").privatschluessel.exists()
    (tmp_path / "pki" / "leser.crt").unlink()
    with XtaSimulator(tmp_path, KONTEN) as simulator:
        assert simulator.zugang("leser").zertifikat.read_bytes() != alt


def test_another_host_name_gets_into_the_server_certificate(tmp_path: Path) -> None:
    with XtaSimulator(tmp_path, KONTEN):
        pass
    with XtaSimulator(tmp_path, KONTEN, host="127.0.0.2") as simulator:
        zertifikat = x509.load_pem_x509_certificate((simulator.pki / "server.crt").read_bytes())
    namen = zertifikat.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.2" in [str(adresse) for adresse in namen.get_values_for_type(x509.IPAddress)]


def test_a_ca_without_its_key_is_reported(tmp_path: Path) -> None:
    with XtaSimulator(tmp_path, KONTEN):
        pass
    (tmp_path / "pki" / "ca.key").unlink()
    with pytest.raises(ConfigError, match=r"simulator\.ca"):
        XtaSimulator(tmp_path, KONTEN).start()


def _lies(zertifikat: Path, schluessel: Path) -> Ausweis:
    privat = load_pem_private_key(schluessel.read_bytes(), None)
    assert isinstance(privat, ec.EllipticCurvePrivateKey)
    return Ausweis(x509.load_pem_x509_certificate(zertifikat.read_bytes()), privat)
