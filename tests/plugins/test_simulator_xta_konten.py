"""What may stand in konten.json, and what is said about what may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator import XtaSimulator
from fachwerk_generic_xta.simulator.konten import BEISPIEL, lies_konten, pruefe_konten


def mit(**werte: Any) -> dict[str, Any]:
    return {"konten": {"a": {"kennungen": ["x", "y"], **werte}}}


@pytest.mark.parametrize(
    ("konten", "erwartet"),
    [
        ({}, "Erwartet wird"),
        ([], "Erwartet wird"),
        ({"konten": {}}, "Erwartet wird"),
        ({"konten": {"../a": {"kennungen": ["x"]}}}, "Der Kontoname"),
        ({"konten": {"ca": {"kennungen": ["x"]}}}, "nicht ca, probe, server, steuerung"),
        ({"konten": {"a": []}}, "ist ein Objekt mit"),
        ({"konten": {"a": {"kennungen": []}}}, "braucht eine Liste „kennungen“"),
        ({"konten": {"a": {"kennungen": ["*"]}}}, "nicht „*“"),
        (mit(gespert=True), "kennt „gespert“ nicht, nur „kennungen“, „gesperrt“"),
        (mit(gespert=True), "Gemeint ist vielleicht „gesperrt“."),
        (mit(gesperrt="ja"), "ist true oder false"),
        ({"konten": {"a": {"kennungen": ["x"]}, "b": {"kennungen": ["x"]}}}, "Die Kennung x steht bei a und bei b."),
        (mit(gebucht="alles"), "„gebucht“ ist eine Liste aus Texten"),
        (mit(dienste="alle"), "„dienste“ ist eine Liste oder „unbekannt“"),
        (mit(dienste=[{}]), "„dienst“ fehlt"),
        (mit(dienste=[{"dienst": "urn:d", "kennungen": ["z"]}]), "z ist keine Kennung dieses Kontos"),
        (mit(dienste=[{"dienst": "urn:d", "weg": "post"}]), "„weg“ ist beide, asynchron, synchron"),
        (mit(dienste=[{"dienst": "urn:d", "typen": []}]), "kennt „typen“ nicht"),
        (mit(antwort={"text": "a", "datei": "b"}), "entweder „text“ oder „datei“"),
        (mit(antwort={"datei": "gibtsnicht"}), "Die Antwortdatei"),
    ],
)
def test_wrong_accounts_refuse_the_start_and_say_why(tmp_path: Path, konten: Any, erwartet: str) -> None:
    datei = tmp_path / "konten.json"
    datei.write_text(json.dumps(konten))
    with pytest.raises(ConfigError) as fehler:
        XtaSimulator(tmp_path).start()
    assert erwartet in str(fehler.value)
    assert str(datei) in str(fehler.value)


def test_an_account_without_more_accepts_everything() -> None:
    konto = pruefe_konten(mit())["a"]
    assert (konto.gesperrt, konto.gebucht, konto.dienste, konto.antwort) == (False, None, None, None)
    assert [angebot.weg for angebot in konto.angebote("x", "urn:irgendwas")] == ["beide"]


def test_an_offer_holds_for_its_identities(tmp_path: Path) -> None:
    konto = pruefe_konten(mit(dienste=["urn:alle", {"dienst": "urn:eine", "kennungen": ["y"]}]))["a"]
    gefunden = {(k, d): bool(konto.angebote(k, d)) for k in "xy" for d in ("urn:alle", "urn:eine", "urn:keine")}
    assert [paar for paar, angeboten in gefunden.items() if angeboten] == [
        ("x", "urn:alle"),
        ("y", "urn:alle"),
        ("y", "urn:eine"),
    ]


def test_an_answer_may_be_a_file_beside_the_accounts(tmp_path: Path) -> None:
    (tmp_path / "antwort.bin").write_bytes(b"\x00\x01")
    (tmp_path / "konten.json").write_text(json.dumps(mit(antwort={"datei": "antwort.bin", "medientyp": "a/b"})))
    antwort = lies_konten(tmp_path / "konten.json")["a"].antwort
    assert antwort is not None
    assert (antwort.inhalt, antwort.medientyp) == (b"\x00\x01", "a/b")


def test_the_example_is_what_it_shows() -> None:
    konten = pruefe_konten(BEISPIEL)
    assert konten["gesperrt"].gesperrt
    assert konten["ohne-buchung"].gebucht == frozenset()
    assert konten["sofort"].antwort is not None
