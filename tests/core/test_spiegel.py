"""The mirror: exactly what was received, readable with the site key alone, whole or not there."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fachwerk.errors import RetryableError
from fachwerk.inhalt import STUECK
from fachwerk.inhalt import bindung as bindung_von
from fachwerk.schluessel import Schluesselbund, entschluessle
from fachwerk.spiegel import Spiegel
from fachwerk.testkit.welt import SCHLUESSEL, Welt, antrag_xml
from fachwerk.testkit.windows import Windows

Bau = Callable[..., Welt]

GROSS = bytes(range(256)) * 4096 * 2 + b"Rest"


@pytest.fixture
def ordner(tmp_path: Path) -> Path:
    return tmp_path / "spiegel"


@pytest.fixture
def welt(baue_welt: Bau, ordner: Path) -> Welt:
    return baue_welt(sicherung={"spiegel": str(ordner)})


def spiegel_von(welt: Welt) -> Spiegel:
    assert welt.betrieb.spiegel is not None
    return welt.betrieb.spiegel


def entschluesselt(datei: Path, hauptschluessel: bytes = SCHLUESSEL) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Head and decrypted parts of a mirrored case, from the description of the format alone."""
    zeile, _, rest = datei.read_bytes().partition(b"\n")
    kopf = json.loads(zeile)
    fall = Schluesselbund(hauptschluessel).entpacke(kopf["vorgang_id"], base64.b64decode(kopf["schluessel"]))
    teile: dict[str, bytes] = {}
    for teil in kopf["teile"]:
        inhalt = b""
        for nr in range(teil["stuecke"]):
            laenge = int.from_bytes(rest[:4], "big")
            daten, rest = rest[4 : 4 + laenge], rest[4 + laenge :]
            bindung = bindung_von(kopf["vorgang_id"], teil["id"], nr, nr == teil["stuecke"] - 1)
            inhalt += entschluessle(fall, daten, bindung)
        teile[teil["id"]] = inhalt
    assert rest == b""
    return kopf, teile


def test_it_gives_back_what_was_received_with_the_site_key_alone(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"), ("plan.pdf", "application/pdf", GROSS), ("leer.txt", "text/plain", b""))
    welt.rufe_ab()
    kopf, teile = entschluesselt(spiegel_von(welt).pfad(welt.der_vorgang().id))
    assert (kopf["schema"], kopf["kanal"], kopf["nachricht_id"]) == (1, "postfach", "n-1")
    eingang = json.loads(teile.pop(kopf["eingang"]))["wert"]
    assert [teile[teil["id"]] for teil in eingang["teile"]] == [antrag_xml(uuid="1"), GROSS, b""]
    assert len(GROSS) > 2 * STUECK
    assert kopf["sha256"] == welt.der_vorgang().inhalt_sha256


def test_it_holds_nothing_but_the_message_even_if_it_is_written_late(welt: Welt, ordner: Path) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    kennung = welt.der_vorgang().id
    spiegel_von(welt).entferne(kennung)
    spiegel_von(welt).schreibe(welt.betrieb.store, kennung)
    kopf, teile = entschluesselt(spiegel_von(welt).pfad(kennung))
    assert set(teile.values()) - {teile[kopf["eingang"]]} == {antrag_xml(uuid="1")}


def test_without_the_site_key_nothing_of_it_can_be_read(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="KANARIENVOGEL"), ("KANARIENVOGEL.pdf", "text/plain", b"KANARIENVOGEL"))
    welt.rufe_ab()
    datei = spiegel_von(welt).pfad(welt.der_vorgang().id)
    assert b"KANARIENVOGEL" not in datei.read_bytes()
    with pytest.raises(Exception, match="schluessel_passt_nicht"):
        entschluesselt(datei, bytes(32))


def test_it_is_written_once(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    datei = spiegel_von(welt).pfad(welt.der_vorgang().id)
    vorher = datei.stat().st_mtime_ns
    spiegel_von(welt).schreibe(welt.betrieb.store, welt.der_vorgang().id)
    assert datei.stat().st_mtime_ns == vorher


def test_each_case_has_a_mirror_of_its_own_also_two_with_one_id(welt: Welt, ordner: Path) -> None:
    for uuid in "12":
        welt.lege_ein("n-1", antrag_xml(uuid=uuid))
        welt.rufe_ab()
    inhalte = set()
    for zeile in welt.vorgaenge():
        kopf, teile = entschluesselt(spiegel_von(welt).pfad(zeile.id))
        teile.pop(kopf["eingang"])
        inhalte |= set(teile.values())
    assert inhalte == {antrag_xml(uuid="1"), antrag_xml(uuid="2")}


def test_a_write_that_breaks_leaves_no_file_that_looks_whole(
    welt: Welt, ordner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def voll(griff: int) -> None:
        raise OSError(28, "No space left on device")

    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    monkeypatch.setattr("fachwerk.ablage.os.fsync", voll)
    with pytest.raises(RetryableError, match="spiegel_nicht_beschreibbar") as gefangen:
        welt.rufe_ab()
    assert "No space left" in gefangen.value.hint
    assert [datei for datei in ordner.rglob("*") if datei.is_file()] == []
    monkeypatch.undo()
    welt.rufe_ab()
    assert len(list(ordner.rglob("*.eingang"))) == 1
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]


def test_the_file_is_on_the_disk_before_it_gets_its_name(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    reihenfolge: list[str] = []
    echt_fsync, echt_rename = os.fsync, os.rename

    def fsync(griff: int) -> None:
        reihenfolge.append("fsync")
        echt_fsync(griff)

    def rename(von: Path, nach: Path) -> None:
        reihenfolge.append("name")
        echt_rename(von, nach)

    monkeypatch.setattr("fachwerk.ablage.os.fsync", fsync)
    monkeypatch.setattr("fachwerk.ablage.os.rename", rename)
    welt.postfach.vor_dem_bestaetigen = lambda _: reihenfolge.append("bestaetigt")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    assert reihenfolge[-4:] == ["fsync", "name", "fsync", "bestaetigt"]


def test_several_writers_of_one_case_leave_one_whole_file(welt: Welt, ordner: Path) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"), ("plan.pdf", "application/pdf", GROSS))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    spiegel_von(welt).entferne(kennung)
    anfang = threading.Barrier(4)
    fehler: list[BaseException] = []

    def schreibe() -> None:
        anfang.wait(30)
        try:
            spiegel_von(welt).schreibe(welt.betrieb.store, kennung)
        except Exception as ausnahme:
            fehler.append(ausnahme)

    faeden = [threading.Thread(target=schreibe) for _ in range(4)]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    assert fehler == []
    _, teile = entschluesselt(spiegel_von(welt).pfad(kennung))
    assert GROSS in teile.values()
    assert [datei.name for datei in ordner.rglob("*") if datei.is_file()] == [f"{kennung}.eingang"]


def test_a_shredded_case_is_not_mirrored_again(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = welt.der_vorgang().id
    spiegel_von(welt).entferne(kennung)
    spiegel_von(welt).entferne(kennung)
    welt.betrieb.store.inhalt.schreddere(kennung)
    spiegel_von(welt).schreibe(welt.betrieb.store, kennung)
    assert not spiegel_von(welt).pfad(kennung).exists()


def test_with_the_manners_of_windows_a_case_is_mirrored_and_its_copy_deleted_when_nobody_holds_it(
    baue_welt: Bau, ordner: Path, windows: Windows
) -> None:
    welt = baue_welt(sicherung={"spiegel": str(ordner)})
    spiegel = spiegel_von(welt)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    pfad = spiegel.pfad(welt.der_vorgang().id)
    assert entschluesselt(pfad)[0]["nachricht_id"] == "n-1"
    windows.halte_offen(pfad)
    with pytest.raises(RetryableError, match="spiegel_nicht_loeschbar"):
        spiegel.entferne(welt.der_vorgang().id)
    windows.gib_frei()
    spiegel.entferne(welt.der_vorgang().id)
    assert not pfad.exists()
