"""The catalogue against its sources: names as in the information letters, numbers as in the facts, unknown as null."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fachwerk.cli import starte
from fachwerk.katalog import leistungen

pytestmark = pytest.mark.shared

NUMMER = re.compile(r"\b\d{14}\b")


def lies(ort: str) -> str:
    ordner = Path(__file__).resolve().parents[2].parent / "shared"
    if not ordner.is_dir():
        pytest.skip(f"NICHT GEPRÜFT: {ordner} liegt nicht neben dem Checkout")
    [datei] = ordner.glob(ort)
    return datei.read_text(encoding="utf-8")


def zeilen() -> list[list[str]]:
    """The rows of the table of the ten services: number, name, OZG id, LeiKa ids."""
    abschnitt = lies("facts/domain.md").split("### 1.2 The ten services")[1].split("###")[0]
    tabelle = [
        [zelle.strip() for zelle in zeile.strip("|").split("|")] for zeile in abschnitt.splitlines() if "|" in zeile
    ]
    return [zeile for zeile in tabelle if zeile[0].isdigit()]


def genannte(zelle: str) -> set[str]:
    """The LeiKa ids of a cell, also those written as the end of the one before (``…017000``, ``…002/004``)."""
    if zelle.startswith("UNK"):
        return set()
    klar = zelle.replace("*", "")
    ids = NUMMER.findall(klar)
    gekuerzt = re.findall(r"…(\d{6})\b", klar)
    reihen = [re.findall(r"/(\d{3})\b", reihe) for reihe in re.findall(r"\d{14}(?:/\d{3})+", klar)]
    return {
        *ids,
        *(ids[0][:8] + ende for ende in gekuerzt),
        *(ids[-1][:11] + ende for reihe in reihen for ende in reihe),
    }


def glatt(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("anfang", ["000", "001"])
def test_the_ten_services_are_called_as_in_the_information_letters(anfang: str) -> None:
    merkblatt = lies(f"seeds/{anfang}_*.txt")
    liste = merkblatt.split("Folgende Online-Dienste sind nachnutzbar:")[1].split("Drei Beratungsleistungen")[0]
    assert {glatt(eintrag.titel) for eintrag in leistungen()} == set(map(glatt, re.findall(r"„([^“]+)“", liste)))


def test_every_number_of_the_facts_is_in_the_catalogue_and_what_is_unknown_there_is_null() -> None:
    assert len(zeilen()) == len(leistungen()) == 10
    for (nummer, name, ozg, leika, *_), eintrag in zip(zeilen(), leistungen(), strict=True):
        erwartet = None if ozg.startswith("UNK") else ozg.strip("*")
        assert eintrag.ozg_id == erwartet, f"{nummer} {name}"
        assert genannte(leika) <= set(eintrag.leika_ids), f"{nummer} {name}"
        if leika.startswith("UNK"):
            assert (eintrag.leika.eigene, eintrag.leika.eltern, eintrag.ozg) == (None, None, None), f"{nummer} {name}"
        else:
            assert genannte(leika), f"{nummer} {name}"


def test_no_number_of_the_catalogue_is_invented() -> None:
    quellen = "".join(lies(ort) for ort in ("facts/domain.md", "facts/xsozial.md", "design.md", "seeds/002_*.txt"))
    bekannt = set(NUMMER.findall(quellen)).union(*(genannte(leika) for _, _, _, leika, *_ in zeilen()))
    fremd = {i for eintrag in leistungen() for i in eintrag.leika_ids} - bekannt
    assert not {i for i in fremd if not re.search(rf"…{i[8:]}\b", quellen)}


def test_what_the_letters_say_about_the_two_pilots_is_in_the_catalogue() -> None:
    for eintrag in leistungen():
        quelle = {"wbs": "000", "mietrueckstaende": "001"}.get(eintrag.wort)
        assert (eintrag.anbindung is None) == (quelle is None), eintrag.wort
        if quelle is None or eintrag.anbindung is None:
            continue
        merkblatt = " ".join(lies(f"seeds/{quelle}_*.txt").split())
        jahr, monat = eintrag.anbindung.seit.split("-")
        assert f"{monat}/{jahr}" in merkblatt
        assert "xSozial Basis (aktuell Version 2.2)" in merkblatt
        assert eintrag.anbindung.x_standard == "XSozial-basis 2.2"
        for wert in (
            eintrag.anbindung.transport,
            eintrag.anbindung.zustaendige_stelle,
            *eintrag.anbindung.pilotkommunen,
        ):
            assert wert in merkblatt
        verfahren = ", ".join(eintrag.anbindung.fachverfahren).replace("COM Vibilia", "ComVibilia")
        assert verfahren in merkblatt
        assert bool(verfahren) == (eintrag.wort == "mietrueckstaende")


def test_the_list_says_unknown_for_what_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["leistungen", "list"]) == 0
    zeile = next(z for z in capsys.readouterr().out.splitlines() if z.startswith("soziale_entschaedigung"))
    assert zeile.split()[1:4] == ["unbekannt", "unbekannt", "unbekannt"]
    assert starte(["leistungen", "list", "--json"]) == 0
    letzte = json.loads(capsys.readouterr().out)[-1]
    assert (letzte["ozg"], letzte["leika"]) == (None, None)
