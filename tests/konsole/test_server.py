"""The served console: with the site's certificate over TLS, without one on loopback only, else refused at start."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from fachwerk.abschnitte import KonsoleEinstellungen
from fachwerk.errors import ConfigError
from fachwerk.konsole.server import Server
from fachwerk.testkit.pki import neue_ca, neues_zertifikat

NeuesPult = Callable[..., Any]


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    von = datetime.now(UTC) - timedelta(days=1)
    ca = neue_ca("Prüfstelle", von, von + timedelta(days=30))
    server = neues_zertifikat("konsole", von, von + timedelta(days=10), ca=ca, servernamen=["127.0.0.1"])
    (tmp_path / "ca.crt").write_bytes(ca.zertifikat_pem)
    (tmp_path / "k.crt").write_bytes(server.zertifikat_pem)
    (tmp_path / "k.key").write_bytes(server.schluessel_pem)
    return tmp_path


@pytest.fixture
def diene(pult: NeuesPult) -> Iterator[Callable[..., Server]]:
    laufende: list[Server] = []

    def neuer(**konsole: Any) -> Server:
        laufende.append(
            Server(pult("betrieb", angemeldet=False, konsole={"listen": "127.0.0.1:0"} | konsole).welt.betrieb)
        )
        laufende[-1].starte()
        return laufende[-1]

    yield neuer
    for server in laufende:
        server.stoppe()


def test_mit_zertifikat_spricht_sie_nur_tls_und_der_keks_ist_gesichert(diene: Callable[..., Server], pki: Path) -> None:
    server = diene(zertifikat=str(pki / "k.crt"), privatschluessel=str(pki / "k.key"))
    assert server.adresse.startswith("https://127.0.0.1:")
    with httpx.Client(verify=ssl.create_default_context(cafile=pki / "ca.crt"), base_url=server.adresse) as client:
        felder = {"name": "lena", "kennwort": "vier rote Dachziegel"}
        antwort = client.post("/anmeldung", data=felder)
        assert antwort.status_code == 303
        keks = antwort.headers["set-cookie"]
        assert keks.startswith("__Host-fachwerk=")
        assert {"secure", "httponly", "path=/"} <= {teil.strip().lower() for teil in keks.split(";")}
        assert antwort.headers["strict-transport-security"]
        assert client.get("/").status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(server.adresse.replace("https", "http"))


def test_ohne_zertifikat_antwortet_sie_auf_dem_eigenen_rechner(diene: Callable[..., Server]) -> None:
    assert httpx.get(f"{diene().adresse}anmeldung").status_code == 200


def test_wer_gleich_nach_dem_start_kommt_wird_nicht_abgewiesen(
    diene: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Der Faden ist noch nicht so weit: Die Verbindung wartet auf ihn."""
    monkeypatch.setattr("fachwerk.konsole.server.Thread.start", lambda _faden: None)
    monkeypatch.setattr("fachwerk.konsole.server.Thread.join", lambda *_: None)
    adresse = httpx.URL(diene().adresse)
    with socket.create_connection((adresse.host, adresse.port), timeout=5):
        pass


def test_eine_belegte_adresse_wird_beim_start_gesagt(diene: Callable[..., Server]) -> None:
    with socket.socket() as belegt:
        belegt.bind(("127.0.0.1", 0))
        belegt.listen()
        with pytest.raises(ConfigError, match=r"nicht auf 127\.0\.0\.1") as gesagt:
            diene(listen=f"127.0.0.1:{belegt.getsockname()[1]}")
    assert gesagt.value.code == "konsole_adresse"


@pytest.mark.parametrize("schaden", ["fehlt", "fremd", "unsinn"])
def test_ein_unbrauchbares_zertifikat_wird_beim_start_gesagt(
    diene: Callable[..., Server], pki: Path, schaden: str
) -> None:
    if schaden == "fehlt":
        (pki / "k.crt").unlink()
    elif schaden == "fremd":
        (pki / "k.crt").write_bytes((pki / "ca.crt").read_bytes())
    else:
        (pki / "k.key").write_text("unsinn")
    with pytest.raises(ConfigError) as gesagt:
        diene(zertifikat=str(pki / "k.crt"), privatschluessel=str(pki / "k.key"))
    assert gesagt.value.code == "konsole_zertifikat"


@pytest.mark.parametrize(
    "angaben",
    [
        {"listen": "0.0.0.0:8443"},
        {"listen": "192.0.2.7:8443"},
        {"listen": "127.0.0.1"},
        {"listen": "127.0.0.1:99999"},
        {"listen": "127.0.0.1:1", "zertifikat": "k.crt"},
    ],
)
def test_offen_ins_netz_lauscht_sie_ohne_zertifikat_nie(angaben: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"Ohne zertifikat|Rechner und Port|gehören zusammen"):
        KonsoleEinstellungen(**angaben)
    KonsoleEinstellungen(listen="0.0.0.0:8443", zertifikat="k.crt", privatschluessel="k.key")
    KonsoleEinstellungen(listen="[::1]:8443")
