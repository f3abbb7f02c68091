"""The preflight says in German what is wrong, before the first message comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

import fachwerk_generic_xta as plugin
from fachwerk.modell import Befund, Kanal, Schwere, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk.transport import Verbindung, oeffne
from fachwerk_generic_xta.settings import Einstellungen
from fachwerk_generic_xta.simulator.pki import richte_pki_ein
from fachwerk_generic_xta.simulator.server import XtaSimulator

JETZT = datetime.now(UTC)
KONTEN = {
    "konten": {
        "leser": {"kennungen": ["wbs:130030000000"]},
        "gesperrt": {"kennungen": ["wbs:130040000000"], "gesperrt": True},
        "geloescht": {"kennungen": ["wbs:130050000000"]},
    }
}


class Welt:
    """A running server and a host whose clock can be set."""

    def __init__(self, ordner: Path, simulator: XtaSimulator) -> None:
        self.simulator = simulator
        self.clients: list[httpx.Client] = []
        self.host = FakeHost(ordner=ordner, zeit=JETZT, http_fabrik=self._http)

    def _http(self, verbindung: Verbindung) -> httpx.Client:
        self.clients.append(oeffne(verbindung))
        return self.clients[-1]

    def pruefe(self, kennung: str = "wbs:130030000000", **werte: Any) -> list[Befund]:
        grund = {
            "management_url": self.simulator.urls["management"],
            "msgbox_url": self.simulator.urls["msgbox"],
            "zertifikat": "pki/leser.crt",
            "privatschluessel": "pki/leser.key",
            "ca": "pki/ca.crt",
        }
        einstellungen = Einstellungen.model_validate(grund | werte)
        kanal = Kanal(name="postfach", plugin="generic_xta", kennung=kennung, einstellungen=einstellungen)
        return list(plugin.check(kanal, self.host))

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


def test_a_mailbox_that_works_has_no_finding(welt: Welt) -> None:
    assert welt.pruefe() == []
    assert welt.pruefe("*") == []


def test_a_target_is_not_for_this_plugin(welt: Welt) -> None:
    assert plugin.check(Ziel(name="z", plugin="generic_xta"), welt.host) == []


@pytest.mark.parametrize(
    ("in_tagen", "code", "schwere"),
    [
        (1824, "xta.zertifikat_laeuft_ab", Schwere.WARNUNG),
        (1826, "xta.zertifikat_abgelaufen", Schwere.SPERRE),
        (-1, "xta.zertifikat_noch_nicht_gueltig", Schwere.SPERRE),
    ],
)
def test_the_validity_of_our_certificate_is_watched(welt: Welt, in_tagen: int, code: str, schwere: Schwere) -> None:
    welt.host.zeit = JETZT + timedelta(days=in_tagen)
    befunde = welt.pruefe()
    assert einziger(befunde) == (code, schwere)
    assert "pki/leser.crt" in befunde[0].text


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
    (befund,) = welt.pruefe(**werte)
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


def test_a_foreign_ca_and_a_refused_certificate_are_told_apart(welt: Welt, tmp_path: Path) -> None:
    richte_pki_ein(tmp_path / "fremd", ["leser"], JETZT)
    assert einziger(welt.pruefe(ca="fremd/ca.crt"))[0] == "xta.server_zertifikat"
    fremd = welt.pruefe(zertifikat="fremd/leser.crt", privatschluessel="fremd/leser.key")
    assert einziger(fremd)[0] == "xta.zertifikat_abgelehnt"


def test_an_address_where_nobody_answers_or_nobody_speaks_xta_is_named(welt: Welt) -> None:
    url = welt.simulator.urls["management"]
    (befund,) = welt.pruefe(management_url="https://127.0.0.1:9/ManagementPort")
    assert befund.code == "xta.nicht_erreichbar"
    assert "https://127.0.0.1:9/ManagementPort" in befund.text
    assert einziger(welt.pruefe(management_url=url + "/anders"))[0] == "xta.adresse_falsch"


@pytest.mark.parametrize(
    ("stoerung", "code"),
    [
        ({"art": "fehler", "fehler": "9010"}, "xta.konto_zertifikat_abgelaufen"),
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


@pytest.mark.parametrize(
    ("werte", "schluessel"),
    [
        ({"management_url": "http://xta.example/"}, "management_url"),
        ({"msgbox_url": ""}, "msgbox_url"),
        ({"msgbox_url": "https://nutzer:wort@xta.example/"}, "msgbox_url"),
        ({"send_url": "xta.example"}, "send_url"),
        ({"passphrase": "geheim"}, "passphrase"),
        ({"seiten_groesse": 0}, "seiten_groesse"),
        ({"lesen_s": 0}, "lesen_s"),
        ({"zertifikatt": "x"}, "zertifikatt"),
    ],
)
def test_wrong_settings_are_refused_by_their_key(werte: dict[str, Any], schluessel: str) -> None:
    grund = {"management_url": "https://x.example/", "msgbox_url": "https://x.example/", "zertifikat": "a.crt"}
    with pytest.raises(ValidationError, match=schluessel):
        Einstellungen.model_validate(grund | werte)


def test_the_manifest_names_kind_and_word() -> None:
    manifest = plugin.manifest()
    assert (manifest.name, manifest.gruppe) == ("generic_xta", "simulator")
    assert [art.value for art in manifest.arten] == ["kanal"]


def test_the_word_simulator_gets_its_command() -> None:
    import click

    gruppe = click.Group("simulator")
    plugin.register_commands(gruppe)
    assert list(gruppe.commands) == ["xta"]
