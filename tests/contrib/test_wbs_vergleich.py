"""One household in all Länder: as table, as JSON, and as a picture that can be read and heard."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from fachwerk_wbs import berechne, finde_land, laender, lies_fall
from fachwerk_wbs.befehle_bild import vergleiche
from fachwerk_wbs.bild import NAMENSRAUM, breite, runde_schritte
from fachwerk_wbs.bild_vergleich import LINKS, MITTE, vergleichsbild
from fachwerk_wbs.land import Land
from fachwerk_wbs.musterhaushalte import alleinstehend, familie
from fachwerk_wbs.vergleich import Zeile
from fachwerk_wbs.vergleich import vergleiche as vergleiche_

HEUTE = date(2026, 11, 22)
FALL = """
land: nw
stichtag: 2026-11-22
unterhalt: []
alleinerziehend: false
haushalt:
  - name: A
    rolle: antragsteller
    geburtsdatum: 1990-05-01
    einkuenfte: [{art: nichtselbstaendig, betrag: 33136}]
    zahlt: {einkommensteuer: true, kranken_pflegeversicherung: true, rentenversicherung: true}
    grad_der_behinderung: 0
    pflegegrad: 0
"""


def zeilen(brutto: int = 33136, codes: tuple[str, ...] | None = None) -> list[Zeile]:
    fall = alleinstehend("nw", HEUTE, Decimal(brutto))
    return vergleiche_(fall, [finde_land(code) for code in codes or laender()], HEUTE)


def bild(gefunden: list[Zeile]) -> Any:
    return etree.fromstring(vergleichsbild(gefunden, HEUTE, "Ein Haushalt").encode())


def alle(wurzel: Any, name: str, klasse: str = "") -> list[Any]:
    return [e for e in wurzel.iter(f"{{{NAMENSRAUM}}}{name}") if not klasse or e.get("class") == klasse]


@pytest.fixture
def falldatei(tmp_path: Path) -> Path:
    datei = tmp_path / "fall.yaml"
    datei.write_text(FALL, encoding="utf-8")
    return datei


def test_every_land_computes_the_case_by_its_own_law() -> None:
    for zeile in zeilen():
        land = finde_land(zeile.land)
        assert zeile.ergebnis == berechne(alleinstehend(zeile.land, HEUTE, Decimal(33136)), land)


def test_the_table_has_a_row_for_every_land(falldatei: Path) -> None:
    lauf = CliRunner().invoke(vergleiche, [str(falldatei)])
    assert lauf.exit_code == 0
    for code in laender():
        assert f"\n{finde_land(code).kopf.name}  " in lauf.stdout
    [nrw] = [zeile for zeile in lauf.stdout.splitlines() if zeile.startswith("Nordrhein-Westfalen ")]
    assert nrw.split()[1:4] == ["20.419,84", "23.540,00", "gruppe_A"]
    assert "Musterland" not in lauf.stdout


def test_a_limit_nobody_has_confirmed_bears_a_question_mark(falldatei: Path) -> None:
    heute = CliRunner().invoke(vergleiche, [str(falldatei)]).stdout
    damals = CliRunner().invoke(vergleiche, [str(falldatei), "--stichtag", "2003-01-01"]).stdout
    assert [w for z in heute.splitlines() if z.startswith("Nordrhein") for w in z.split()[2:3]] == ["23.540,00"]
    assert "? nicht gesichert" in damals


def test_the_day_may_be_another_than_that_of_the_case(falldatei: Path) -> None:
    lauf = CliRunner().invoke(vergleiche, [str(falldatei), "--stichtag", "2022-06-01", "--json"])
    dokument = json.loads(lauf.stdout)
    assert dokument["stichtag"] == "2022-06-01"
    [nrw] = [z for z in dokument["laender"] if z["land"] == "nw"]
    assert nrw["ergebnis"]["stufen"][0]["grenze"] == "20420.00"
    assert [z["land"] for z in dokument["laender"]] == list(laender())


def test_a_funding_path_counts_only_in_the_land_of_the_case() -> None:
    fall = lies_fall(FALL + "foerderweg: gruppe_B\n")
    nach_land = {z.land: z.ergebnis for z in vergleiche_(fall, [finde_land("nw"), finde_land("he")], HEUTE)}
    assert nach_land["nw"] == berechne(fall, finde_land("nw"))
    assert all("Förderweg" not in punkt.text for punkt in nach_land["he"].offen)  # type: ignore[union-attr]


def test_a_land_whose_data_are_broken_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "land.yaml").write_text("code: [", encoding="utf-8")
    gefunden = vergleiche_(alleinstehend("nw", HEUTE), [finde_land("nw"), Land("yy", "fachwerk_yy", tmp_path)], HEUTE)
    assert [z.ergebnis is None for z in gefunden] == [False, True]
    assert "land.yaml" in gefunden[1].fehler
    assert "nicht lesen" in "".join(e.text or "" for e in alle(bild(gefunden), "text"))


# -- the picture -------------------------------------------------------------------------------------------------


def test_the_picture_says_in_words_what_it_shows() -> None:
    wurzel = bild(zeilen())
    assert wurzel.get("role") == "img"
    ids = wurzel.get("aria-labelledby").split()
    titel, beschreibung = (next(e for e in wurzel if e.get("id") == kennung) for kennung in ids)
    assert titel.text == "Ein Haushalt"
    assert "Nordrhein-Westfalen: Einkommen 20.419,84 EUR, niedrigste Grenze 23.540,00 EUR" in beschreibung.text
    for code in laender():
        assert f"{finde_land(code).kopf.name}: " in beschreibung.text


def test_a_kept_limit_lies_behind_the_end_of_the_bar_and_an_exceeded_one_before_it() -> None:
    for brutto in (20000, 33136, 70000):
        [zeile] = zeilen(brutto, ("nw",))
        wurzel = bild([zeile])
        [balken] = [e for e in alle(wurzel, "rect", "einkommen") if len(e)]
        ende = int(balken.get("x")) + int(balken.get("width"))
        assert zeile.ergebnis is not None
        marken = sorted(int(e.get("x1")) for e in alle(wurzel, "line") if len(e))
        gehalten = [s.eingehalten for s in zeile.ergebnis.stufen]
        assert [x >= ende for x in marken] == gehalten


def test_an_unknown_limit_is_hatched_and_named() -> None:
    wurzel = bild(zeilen(codes=("sl",)))
    [feld] = [e for e in alle(wurzel, "rect", "offen") if len(e)]
    assert int(feld.get("x")) + int(feld.get("width")) == LINKS + MITTE
    assert "Grenze nicht belegt" in feld[0].text


def test_a_limit_that_does_not_decide_is_hatched_from_the_certain_one_below_it() -> None:
    gefunden = vergleiche_(familie("st", HEUTE, Decimal(40000)), [finde_land("st")], HEUTE)
    assert gefunden[0].ungesichert
    wurzel = bild(gefunden)
    [sicher] = [e for e in alle(wurzel, "line", "marke") if len(e)]
    felder = [e for e in alle(wurzel, "rect", "offen") if len(e)]
    assert {e.get("x") for e in felder} == {sicher.get("x1")}
    assert len(felder) == len(gefunden[0].ungesichert)


def test_an_unknown_income_has_no_bar() -> None:
    fall = lies_fall(FALL.replace("    zahlt: {einkommensteuer: true, ", "    zahlt: {"))
    wurzel = bild(vergleiche_(fall, [finde_land("nw")], HEUTE))
    assert not [e for e in alle(wurzel, "rect", "einkommen") if len(e)]
    assert "Einkommen offen" in [e.text for e in alle(wurzel, "text")]


def test_names_end_before_the_bars_begin_and_labels_of_limits_do_not_touch() -> None:
    wurzel = bild(vergleiche_(familie("nw", HEUTE, Decimal(60000)), [finde_land(c) for c in laender()], HEUTE))
    texte = alle(wurzel, "text")
    namen = [e for e in texte if e.get("class") == "fett" and e.get("x") == "20"]
    assert len(namen) == len(laender())
    assert all(20 + breite(e.text, 14) < LINKS for e in namen)
    marken = [e for e in texte if e.get("class") == "klein" and e.get("text-anchor") == "middle"]
    je_hoehe: dict[str, list[tuple[int, int]]] = {}
    for e in marken:
        halb = breite(e.text, 11) // 2
        je_hoehe.setdefault(e.get("y"), []).append((int(e.get("x")) - halb, int(e.get("x")) + halb))
    for kaesten in je_hoehe.values():
        geordnet = sorted(kaesten)
        assert all(a[1] < b[0] for a, b in pairwise(geordnet))


def test_everything_lies_within_the_picture() -> None:
    wurzel = bild(zeilen(200000))
    weite, hoehe = int(wurzel.get("width")), int(wurzel.get("height"))
    for e in alle(wurzel, "rect"):
        if e.get("x"):
            assert 0 <= int(e.get("x")) <= int(e.get("x")) + int(e.get("width")) <= weite
            assert 0 <= int(e.get("y")) <= int(e.get("y")) + int(e.get("height")) <= hoehe


@pytest.mark.parametrize("hoechster", [1, 9, 11, 99, 23540, 59999, 60000, 123456, 10**9])
def test_the_axis_reaches_over_the_highest_value_in_few_round_steps(hoechster: int) -> None:
    achse = runde_schritte(hoechster)
    assert achse[0] == 0
    assert achse[-1] >= hoechster
    assert 2 <= len(achse) <= 14
    assert str(achse[1]).rstrip("0") in ("1", "2", "5")


def test_names_with_signs_of_xml_stay_names() -> None:
    wurzel = etree.fromstring(vergleichsbild(zeilen(codes=("nw",)), HEUTE, "A & <B>").encode())
    assert "A & <B>" in [e.text for e in alle(wurzel, "text")]


# -- the command -------------------------------------------------------------------------------------------------


def test_the_picture_is_written_and_json_stays_alone_on_stdout(falldatei: Path, tmp_path: Path) -> None:
    ziel = tmp_path / "bild.svg"
    lauf = CliRunner().invoke(vergleiche, [str(falldatei), "--svg", str(ziel), "--json"])
    json.loads(lauf.stdout)
    assert etree.parse(str(ziel)).getroot().tag == f"{{{NAMENSRAUM}}}svg"


def test_mistakes_in_the_call_are_named_and_end_with_two(falldatei: Path, tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"land: n\xfc\n")
    leer = tmp_path / "leer.yaml"
    leer.write_text("", encoding="utf-8")
    aufrufe: dict[tuple[str, ...], str] = {
        (str(latin),): "kein Text in UTF-8",
        (str(leer),): "Erwartet werden Angaben",
        (str(tmp_path / "fehlt.yaml"),): "fehlt.yaml",
        (str(falldatei), "--svg", str(tmp_path / "gibt" / "es" / "nicht.svg")): "lässt sich nicht schreiben",
        (str(falldatei), "--stichtag", "2025-02-30"): "ein Tag wie 2025-03-01",
    }
    for angaben, text in aufrufe.items():
        lauf = CliRunner().invoke(vergleiche, list(angaben))
        assert lauf.exit_code == 2, angaben
        assert text in lauf.stderr
