"""The preflight says in German what is wrong, before the first message comes: one code for each cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import fachwerk_generic_xta as plugin
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.settings import Einstellungen, Zieleinstellungen
from fachwerk_generic_xta.simulator.pki import neue_ca, richte_pki_ein, schreibe_ausweis
from fachwerk_generic_xta.simulator.server import XtaSimulator

JETZT = datetime.now(UTC)
LESER = "wbs:130030000000"
KONTEN = {
    "konten": {
        "leser": {"kennungen": [LESER]},
        "gesperrt": {"kennungen": ["wbs:130040000000"], "gesperrt": True},
        "geloescht": {"kennungen": ["wbs:130050000000"]},
    }
}
ZIEL = {
    "kennung": LESER,
    "empfaenger": {"kennung": "wbs:130040000000"},
    "dienst": "urn:test:dienst",
    "szenario": {"code": "TEST", "liste": "urn:test:szenario", "version": "1"},
    "nachrichtentyp": {"code": "a.b.1", "liste": "urn:test:typ", "version": "1", "payload_schema": "urn:test:schema"},
}


class Welt:
    """A running server and a host whose clock can be set."""

    def __init__(self, ordner: Path, simulator: XtaSimulator) -> None:
        self.simulator = simulator
        self.clients: list[httpx.Client] = []
        self.host = FakeHost(ordner=ordner, zeit=datetime.now(UTC), http_fabrik=self._http)

    def _http(self, verbindung: Verbindung) -> httpx.Client:
        self.clients.append(oeffne(verbindung))
        return self.clients[-1]

    def _grund(self) -> dict[str, Any]:
        return {
            "management_url": self.simulator.urls["management"],
            "msgbox_url": self.simulator.urls["msgbox"],
            "zertifikat": "pki/leser.crt",
            "privatschluessel": "pki/leser.key",
            "ca": "pki/ca.crt",
        }

    def kanal(self, kennung: str = LESER, **werte: Any) -> Kanal:
        einstellungen = Einstellungen.model_validate(self._grund() | werte)
        return Kanal(name="postfach", plugin="generic_xta", kennung=kennung, einstellungen=einstellungen)

    def ziel(self, **werte: Any) -> Ziel:
        grund = self._grund() | {"send_url": self.simulator.urls["send"], "msgbox_url": ""} | ZIEL
        einstellungen = Zieleinstellungen.model_validate(grund | werte)
        return Ziel(name="kreis", plugin="generic_xta", einstellungen=einstellungen)

    def pruefe(self, kennung: str = LESER, **werte: Any) -> list[Befund]:
        return list(plugin.check(self.kanal(kennung, **werte), self.host))

    def pruefe_ziel(self, **werte: Any) -> list[Befund]:
        return list(plugin.check(self.ziel(**werte), self.host))

    def pruefe_als(self, konto: str, kennung: str) -> list[Befund]:
        return self.pruefe(kennung, zertifikat=f"pki/{konto}.crt", privatschluessel=f"pki/{konto}.key")


@pytest.fixture
def welt(tmp_path: Path) -> Iterator[Welt]:
    with XtaSimulator(tmp_path, KONTEN) as simulator:
        welt = Welt(tmp_path, simulator)
        yield welt
        for client in welt.clients:
            client.close()


def einziger(befunde: list[Befund]) -> tuple[str, Schwere]:
    (befund,) = befunde
    return befund.code, befund.schwere


def codes(befunde: list[Befund]) -> list[str]:
    return [befund.code for befund in befunde]


def test_a_mailbox_that_works_has_no_finding(welt: Welt) -> None:
    assert welt.pruefe() == []
    assert welt.pruefe("*") == []
    assert welt.pruefe(send_url=welt.simulator.urls["send"]) == []


def test_a_target_that_works_has_no_finding(welt: Welt) -> None:
    assert welt.pruefe_ziel() == []
    assert welt.pruefe_ziel(msgbox_url=welt.simulator.urls["msgbox"], dienst="") == []


@pytest.mark.parametrize(
    ("in_tagen", "code", "schwere"),
    [
        (1824, "xta.zertifikat_laeuft_ab", Schwere.WARNUNG),
        (1826, "xta.zertifikat_abgelaufen", Schwere.SPERRE),
        (-1, "xta.zertifikat_noch_nicht_gueltig", Schwere.SPERRE),
    ],
)
def test_the_validity_of_our_certificate_is_watched(welt: Welt, in_tagen: int, code: str, schwere: Schwere) -> None:
    welt.host.zeit += timedelta(days=in_tagen)
    befund = welt.pruefe()[0]
    assert (befund.code, befund.schwere) == (code, schwere)
    assert "pki/leser.crt" in befund.text


@pytest.mark.parametrize(("minuten", "wort"), [(90, "vor"), (-30, "nach")])
def test_a_clock_that_is_wrong_is_told_with_its_direction(welt: Welt, minuten: int, wort: str) -> None:
    welt.host.zeit += timedelta(minutes=minuten)
    (befund,) = welt.pruefe()
    assert (befund.code, befund.schwere) == ("xta.uhr_abweichung", Schwere.WARNUNG)
    assert f" Minuten {wort}." in befund.text


@pytest.mark.parametrize(
    ("werte", "code", "pfad"),
    [
        ({"zertifikat": "pki/fehlt.crt"}, "xta.datei_fehlt", "zertifikat"),
        ({"privatschluessel": "pki/fehlt.key"}, "xta.datei_fehlt", "privatschluessel"),
        ({"privatschluessel": "pki/gesperrt.key"}, "xta.schluessel_passt_nicht", ""),
        ({"zertifikat": "pki/leser.key"}, "xta.zertifikat_unlesbar", "zertifikat"),
        ({"ca": "pki/fehlt.crt"}, "xta.datei_fehlt", "ca"),
        ({"ca": "pki/leser.key"}, "xta.datei_unlesbar", "ca"),
        ({"passphrase": "env:GIBTS_NICHT"}, "xta.konfiguration", "passphrase"),
    ],
)
def test_every_wrong_file_is_named_with_its_key(welt: Welt, werte: dict[str, str], code: str, pfad: str) -> None:
    for (befund,) in (welt.pruefe(**werte), welt.pruefe_ziel(**werte)):
        assert (befund.code, befund.schwere, befund.pfad) == (code, Schwere.SPERRE, pfad)


@pytest.mark.parametrize(
    ("konto", "kennung", "code"),
    [
        ("gesperrt", "wbs:130040000000", "xta.konto_gesperrt"),
        ("geloescht", "wbs:130050000000", "xta.konto_fehlt"),
        ("leser", "wbs:130040000000", "xta.kennung_falsch"),
    ],
)
def test_what_is_wrong_with_the_account_is_said(welt: Welt, konto: str, kennung: str, code: str) -> None:
    del welt.simulator.konten["geloescht"]
    assert einziger(welt.pruefe_als(konto, kennung)) == (code, Schwere.SPERRE)


def test_a_foreign_identity_at_a_target_is_said(welt: Welt) -> None:
    assert einziger(welt.pruefe_ziel(kennung="wbs:130040000000")) == ("xta.kennung_falsch", Schwere.SPERRE)


def test_a_wrong_ca_is_named_together_with_the_issuer_that_was_shown(
    xta_tls: ModuleType, welt: Welt, tmp_path: Path
) -> None:
    xta_tls.fremde_ca(tmp_path)
    (befund,) = welt.pruefe(ca="pki/fremd.crt")
    assert (befund.code, befund.schwere, befund.pfad) == ("xta.server_zertifikat", Schwere.SPERRE, "management_url")
    assert "„Fachwerk-Simulator CA“" in befund.text
    assert "„Amt fuer Andere, CA 7“" in befund.text


def test_a_ca_of_the_same_name_with_another_key_is_told_as_renewed(welt: Welt, tmp_path: Path) -> None:
    richte_pki_ein(tmp_path / "fremd", ["leser"], JETZT)
    (befund,) = welt.pruefe(ca="fremd/ca.crt")
    assert befund.code == "xta.server_zertifikat"
    assert "anderem Schlüssel" in befund.text


def test_a_certificate_of_ours_that_the_server_refuses_is_said(xta_tls: ModuleType, welt: Welt, tmp_path: Path) -> None:
    xta_tls.fremde_ca(tmp_path)
    fremd = welt.pruefe(zertifikat="pki/fremder.crt", privatschluessel="pki/fremder.key")
    assert einziger(fremd) == ("xta.zertifikat_abgelehnt", Schwere.SPERRE)


def test_a_host_name_that_is_not_in_the_certificate_is_said(xta_tls: ModuleType, welt: Welt, tmp_path: Path) -> None:
    pki, ca = tmp_path / "anders" / "pki", neue_ca("CA", JETZT - timedelta(days=1), JETZT + timedelta(days=9))
    (befund,) = am_server_mit(xta_tls, welt, pki, ca, ["xta.anders.example"])
    assert befund.code == "xta.server_name"


@pytest.mark.parametrize(
    ("von", "bis", "code"), [(-9, -1, "xta.server_zertifikat_abgelaufen"), (1, 9, "xta.uhr_falsch")]
)
def test_the_validity_of_the_servers_certificate_is_told_apart(
    xta_tls: ModuleType, welt: Welt, tmp_path: Path, von: int, bis: int, code: str
) -> None:
    ca = neue_ca("CA", JETZT - timedelta(days=20), JETZT + timedelta(days=20))
    pki, zeit = tmp_path / "anders" / "pki", (JETZT + timedelta(days=von), JETZT + timedelta(days=bis))
    (befund,) = am_server_mit(xta_tls, welt, pki, ca, ["localhost", "127.0.0.1"], zeit)
    assert befund.code == code


@pytest.mark.parametrize("name", ["FortiGate CA", "Hausnetz Wurzel"])
def test_a_proxy_that_breaks_tls_open_is_told_from_a_wrong_ca(
    xta_tls: ModuleType, welt: Welt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By the name of a product, or because the machine trusts an issuer that is no public CA."""
    ca = neue_ca(name, JETZT - timedelta(days=1), JETZT + timedelta(days=9))
    schreibe_ausweis(tmp_path / "pki", "haus", ca)
    if name == "Hausnetz Wurzel":
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pki" / "haus.crt"))
    befunde = am_server_mit(
        xta_tls, welt, tmp_path / "proxy" / "pki", ca, ["localhost", "127.0.0.1"], ca_datei="pki/ca.crt"
    )
    (befund,) = befunde
    assert befund.code == "xta.tls_aufgebrochen"
    assert f"„{name}“" in befund.text
    assert "Ausnahme" in befund.text


def am_server_mit(xta_tls: ModuleType, welt: Welt, *angaben: Any, **weitere: Any) -> list[Befund]:
    """What the preflight finds there."""
    with xta_tls.server_mit(welt.host.ordner, *angaben, **weitere) as werte:
        return welt.pruefe(**werte)


def test_an_address_where_nobody_answers_or_nobody_speaks_xta_is_named(welt: Welt) -> None:
    url = welt.simulator.urls["management"]
    (befund,) = welt.pruefe(management_url="https://127.0.0.1:9/ManagementPort")
    assert befund.code == "xta.nicht_erreichbar"
    assert "https://127.0.0.1:9/ManagementPort" in befund.text
    assert einziger(welt.pruefe(management_url=url + "/anders"))[0] == "xta.adresse_falsch"


def test_a_name_that_nobody_knows_is_told_from_a_server_that_is_down(welt: Welt) -> None:
    (befund,) = welt.pruefe(management_url="https://gibt-es-nicht.invalid/ManagementPort")
    assert befund.code == "xta.name_unbekannt"


@pytest.mark.parametrize(
    ("schluessel", "anhang", "code"),
    [("msgbox_url", "/anders", "xta.adresse_falsch"), ("send_url", "/anders", "xta.adresse_falsch")],
)
def test_the_other_ports_are_looked_at_too(welt: Welt, schluessel: str, anhang: str, code: str) -> None:
    url = welt.simulator.urls[schluessel.removesuffix("_url")] + anhang
    for befunde in (welt.pruefe(**{schluessel: url}), welt.pruefe_ziel(**{schluessel: url})):
        (befund,) = befunde
        assert (befund.code, befund.pfad) == (code, schluessel)
    (befund,) = welt.pruefe_ziel(**{schluessel: "https://127.0.0.1:9/Port"})
    assert (befund.code, befund.pfad) == ("xta.nicht_erreichbar", schluessel)


@pytest.mark.parametrize(
    ("stoerung", "code"),
    [
        ({"art": "fehler", "fehler": "9010"}, "xta.konto_zertifikat_abgelaufen"),
        ({"art": "fehler", "fehler": "9013"}, "xta.konto_nicht_freigeschaltet"),
        ({"art": "abbruch_vorher"}, "xta.verbindung_abgebrochen"),
        ({"art": "http", "http": 503}, "xta.konto_nicht_pruefbar"),
        ({"art": "doctype"}, "xta.konto_nicht_pruefbar"),
    ],
)
def test_a_mailbox_that_misbehaves_is_reported_not_raised(welt: Welt, stoerung: dict[str, Any], code: str) -> None:
    welt.simulator.temperament.setze("checkAccountActive", **stoerung)
    (befund,) = welt.pruefe()
    assert befund.code == code
    assert len(befund.text) > 40


def test_a_mailbox_that_does_not_show_its_list_is_reported_with_its_port(welt: Welt) -> None:
    welt.simulator.temperament.setze("getStatusList", "fehler", fehler="9013")
    (befund,) = welt.pruefe()
    assert (befund.code, befund.pfad) == ("xta.konto_nicht_freigeschaltet", "msgbox_url")


def test_a_reader_who_does_not_take_the_service_is_a_warning_that_says_what_to_do(welt: Welt) -> None:
    (befund,) = welt.pruefe_ziel(empfaenger={"kennung": "wbs:999999999999"})
    assert (befund.code, befund.schwere, befund.pfad) == ("xta.dienst_nicht_verfuegbar", Schwere.WARNUNG, "dienst")
    assert "wbs:999999999999" in befund.text


@pytest.mark.parametrize(
    "stoerung", [{"art": "fehler", "fehler": "9031"}, {"art": "http", "http": 404}, {"art": "abbruch_vorher"}]
)
def test_a_server_that_cannot_look_up_is_no_finding(welt: Welt, stoerung: dict[str, Any]) -> None:
    welt.simulator.temperament.setze("lookupService", **stoerung)
    assert welt.pruefe_ziel(empfaenger={"kennung": "wbs:999999999999"}) == []
