"""The export of a case: everything of it, byte by byte, provably unchanged, under names that harm nobody."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import ausfuhr, eingriff
from fachwerk.ausfuhr import AusfuhrError
from fachwerk.cli import starte
from fachwerk.tabellen import ereignis, teil
from fachwerk.testkit.welt import Welt, antrag_xml

BOESE = "../../etc/<script>alert(1)</script>\\con.exe"


@pytest.fixture
def fall(welt: Welt) -> str:
    """A delivered case with an attachment whose name means harm."""
    welt.lege_ein(
        "n-1", antrag_xml(uuid="1"), (BOESE, "application/pdf", b"%PDF erfunden"), ("leer", "text/plain", b"")
    )
    assert welt.durchlauf() == ["done"]
    return str(welt.der_vorgang().id)


def gelesen(pfad: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pfad) as archiv:
        return {name: archiv.read(name) for name in archiv.namelist()}


def fuehre_aus(welt: Welt, fall: str, nach: Path) -> ausfuhr.Ausfuhr:
    return ausfuhr.fuehre_aus(welt.betrieb, fall, nach, wer="erika", grund="Auskunft Art. 15")


def test_it_holds_the_message_byte_by_byte_and_proves_its_receipt(welt: Welt, fall: str, tmp_path: Path) -> None:
    fertig = fuehre_aus(welt, fall, tmp_path)
    assert fertig.pfad == tmp_path / f"vorgang-{fall}.zip"
    dateien = gelesen(fertig.pfad)
    nachweis = json.loads(dateien["nachweis.json"])
    assert [dateien[t["pfad"]] for t in nachweis["teile"]] == [antrag_xml(uuid="1"), b"%PDF erfunden", b""]
    assert nachweis["teile"][1]["name"] == BOESE
    assert (nachweis["nachricht_id"], nachweis["kette_unversehrt"]) == ("n-1", True)
    assert nachweis["sha256"] == welt.der_vorgang().inhalt_sha256
    assert ausfuhr.pruefe(fertig.pfad) == []


def test_nothing_of_the_case_is_left_out(welt: Welt, fall: str, tmp_path: Path) -> None:
    dateien = gelesen(fuehre_aus(welt, fall, tmp_path).pfad)
    manifest = json.loads(dateien["manifest.json"])
    summen = {datei["sha256"] for datei in manifest["dateien"]}
    with welt.betrieb.store.lesend() as verbindung:
        gruende = sa.select(ereignis.c.grund).where(ereignis.c.grund.is_not(None))
        frage = sa.select(teil.c.sha256).where(teil.c.vorgang_id == fall, teil.c.id.not_in(gruende))
        assert set(verbindung.execute(frage).scalars()) <= summen
    assert {"vorgang.json", "ereignisse.json", "index.html"} <= dateien.keys()
    assert [n for n in dateien if n.startswith("sendungen/akte-1/")]
    werte = {n: json.loads(dateien[n]) for n in dateien if n.startswith("journal/")}
    assert [n.split("-", 1)[1] for n in sorted(werte)][:2] == ["receive.json", "map.json"]


def test_the_look_is_audited_with_the_reason_and_the_hash_of_the_manifest(
    welt: Welt, fall: str, tmp_path: Path
) -> None:
    fertig = fuehre_aus(welt, fall, tmp_path)
    *_, vorher, nachher = [zeile for zeile in welt.zeilen(ereignis) if zeile.kette == fall]
    assert (vorher.wer, vorher.was, nachher.was, nachher.code) == ("erika", "ausfuhr", "ausgegeben", fertig.sha256)
    letzte = json.loads(gelesen(fertig.pfad)["ereignisse.json"])[-1]
    assert (letzte["was"], letzte["grund"]) == ("ausfuhr", "Auskunft Art. 15")


def test_names_lead_nowhere_and_the_page_shows_them_as_text(welt: Welt, fall: str, tmp_path: Path) -> None:
    dateien = gelesen(fuehre_aus(welt, fall, tmp_path).pfad)
    assert not [n for n in dateien if ".." in n or n.startswith("/") or "\\" in n or "<" in n or n.endswith(".exe")]
    seite = dateien["index.html"].decode()
    assert "<script" not in seite
    assert "&lt;script&gt;" in seite


@pytest.mark.parametrize("eingriff_in", ["aendern", "entfernen", "dazulegen", "manifest"])
def test_every_change_is_found(welt: Welt, fall: str, tmp_path: Path, eingriff_in: str) -> None:
    pfad = fuehre_aus(welt, fall, tmp_path).pfad
    dateien = gelesen(pfad)
    opfer = next(name for name in dateien if name.startswith("eingang/"))
    if eingriff_in == "aendern":
        dateien[opfer] += b" "
    elif eingriff_in == "entfernen":
        del dateien[opfer]
    elif eingriff_in == "dazulegen":
        dateien["eingang/99-erfunden.pdf"] = b"%PDF"
    else:
        dateien["manifest.json"] = b"{}"
    with zipfile.ZipFile(pfad, "w") as archiv:
        for name, inhalt in dateien.items():
            archiv.writestr(name, inhalt)
    assert ausfuhr.pruefe(pfad) != []


def test_a_second_export_differs_only_by_what_happened_since(welt: Welt, fall: str, tmp_path: Path) -> None:
    erste, zweite = (gelesen(fuehre_aus(welt, fall, tmp_path / name).pfad) for name in "ab")
    anders = {name for name in zweite if erste.get(name) != zweite[name]}
    assert erste.keys() == zweite.keys()
    assert anders == {"manifest.json", "ereignisse.json", "nachweis.json", "index.html"}


def test_nothing_is_overwritten(welt: Welt, fall: str, tmp_path: Path) -> None:
    fuehre_aus(welt, fall, tmp_path)
    with pytest.raises(AusfuhrError, match="ausfuhr_vorhanden"):
        fuehre_aus(welt, fall, tmp_path)


def test_a_held_case_can_be_exported_too(welt: Welt, tmp_path: Path) -> None:
    welt.lege_ein("n-1", b"kein XML")
    assert welt.durchlauf() == ["held"]
    kennung = welt.der_vorgang().id
    eingriff.wiederhole(welt.betrieb, kennung, "erika", "noch einmal")
    dateien = gelesen(fuehre_aus(welt, kennung, tmp_path).pfad)
    gruende = [zeile["grund"] for zeile in json.loads(dateien["ereignisse.json"])]
    assert "noch einmal" in gruende


def test_of_a_shredded_case_only_what_is_left_goes_out(welt: Welt, fall: str, tmp_path: Path) -> None:
    welt.betrieb.store.inhalt.schreddere(fall)
    fertig = fuehre_aus(welt, fall, tmp_path)
    dateien = gelesen(fertig.pfad)
    assert not fertig.mit_inhalt
    assert not [name for name in dateien if name.startswith(("eingang/", "journal/", "sendungen/"))]
    assert "ist gelöscht" in dateien["index.html"].decode()
    assert ausfuhr.pruefe(fertig.pfad) == []


def test_the_command_checks_a_file_without_any_installation(
    welt: Welt, fall: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfad = fuehre_aus(welt, fall, tmp_path).pfad
    leer = tmp_path / "anderswo"
    leer.mkdir()
    shutil.copy(pfad, leer / "fall.zip")
    monkeypatch.chdir(leer)
    assert starte(["vorgang", "export", "--pruefe", "fall.zip"]) == 0
    (leer / "fall.zip").write_bytes(b"PK")
    assert starte(["vorgang", "export", "--pruefe", "fall.zip"]) == 1
    assert "NICHT" in capsys.readouterr().out
