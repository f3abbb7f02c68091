"""The preflight against a real mailbox over mutual TLS: every Kanal is judged, whatever is wrong with the others."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fachwerk.anlegen import lege_an
from fachwerk.vorpruefung import FEHLER, ausgang, pruefe

simulator_modul = pytest.importorskip("fachwerk_generic_xta.simulator", reason="NOT CHECKED: generic_xta is missing")

KONTEN = {
    "konten": {
        "gut": {"kennungen": ["wbs:130030000000"]},
        "gesperrt": {"kennungen": ["wbs:130040000000"], "gesperrt": True},
        "alt": {"kennungen": ["wbs:130050000000"]},
    }
}


def kanal(name: str, urls: dict[str, str], zertifikat: str, ca: str = "pki/ca.crt", **weitere: str) -> str:
    werte = {
        "plugin": "generic_xta",
        "management_url": urls["management"],
        "msgbox_url": urls["msgbox"],
        "zertifikat": f"pki/{zertifikat}.crt",
        "privatschluessel": f"pki/{zertifikat}.key",
        "ca": ca,
        **weitere,
    }
    return "\n".join([f"[kanal.{name}]", *(f'{schluessel} = "{wert}"' for schluessel, wert in werte.items()), ""])


@pytest.fixture(autouse=True)
def ohne_umgebung(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FACHWERK_")]:
        monkeypatch.delenv(name)


def test_one_bad_mailbox_does_not_hide_the_others(tmp_path: Path) -> None:
    sim = simulator_modul
    jetzt = datetime.now(UTC)
    with sim.XtaSimulator(tmp_path, KONTEN) as server:
        ca = sim.neue_ca("Fremde CA", jetzt - timedelta(days=90), jetzt + timedelta(days=90))
        sim.schreibe_ausweis(tmp_path / "pki", "fremd", ca)
        alt = sim.neues_zertifikat("alt", jetzt - timedelta(days=60), jetzt - timedelta(days=30), ca=ca)
        sim.schreibe_ausweis(tmp_path / "pki", "alt", alt)
        stelle = lege_an(tmp_path / "stelle").toml
        pki = (tmp_path / "pki").as_posix()
        text = "".join(
            [
                kanal("gut", server.urls, "gut"),
                kanal("gesperrt", server.urls, "gesperrt"),
                kanal("abgelaufen", server.urls, "alt"),
                kanal("falsche-ca", server.urls, "gut", ca="pki/fremd.crt"),
                kanal("ohne-datei", server.urls, "gibt-es-nicht"),
                kanal("falscher-takt", server.urls, "alt", takt="oft"),
                kanal("falscher-schluessel", server.urls, "alt", zertifikatt="x"),
            ]
        ).replace('"pki/', f'"{pki}/')
        stelle.write_text(text + stelle.read_text(encoding="utf-8"), encoding="utf-8")
        meldungen = pruefe(stelle)
    gefunden = {meldung.ort: meldung.code for meldung in meldungen if meldung.schwere in FEHLER}
    assert ausgang(meldungen) == 3
    assert gefunden == {
        "kanal.gesperrt.management_url": "xta.konto_gesperrt",
        "kanal.abgelaufen.zertifikat": "xta.zertifikat_abgelaufen",
        "kanal.falsche-ca.management_url": "xta.server_zertifikat",
        "kanal.ohne-datei.zertifikat": "xta.datei_fehlt",
        "kanal.falscher-takt.takt": "wert_ungueltig",
        "kanal.falscher-takt.zertifikat": "xta.zertifikat_abgelaufen",
        "kanal.falscher-schluessel.zertifikatt": "schluessel_unbekannt",
        "kanal.falscher-schluessel.zertifikat": "xta.zertifikat_abgelaufen",
    }
    assert not any(meldung.ort.startswith("kanal.gut") for meldung in meldungen)
    assert all(meldung.text.endswith((".", "?", "]")) for meldung in meldungen)
