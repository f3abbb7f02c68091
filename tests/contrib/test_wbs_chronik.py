"""Limits through time: every period once, gaps and windows as such, and a picture whose labels can be read."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from fachwerk_wbs import finde_land, laender
from fachwerk_wbs.befehle_bild import chronik
from fachwerk_wbs.bild import NAMENSRAUM, breite
from fachwerk_wbs.bild_chronik import HOEHE, LINKS, OBEN, WEITE, chronikbild
from fachwerk_wbs.chronik import Verlauf, verlaeufe
from fachwerk_wbs.grenzen import grenzen_fuer

HEUTE = date(2026, 11, 22)
TAG = timedelta(days=1)
GROESSEN = [(1, 0), (4, 2)]
jedes_land = pytest.mark.parametrize("code", [*laender(), "zz"])


def verlauf(code: str, kennung: str, personen: int = 1, kinder: int = 0) -> Verlauf:
    return next(v for v in verlaeufe(finde_land(code), personen, kinder) if v.id == kennung)


def bild(code: str, personen: int = 1, kinder: int = 0) -> Any:
    return etree.fromstring(chronikbild(verlaeufe(finde_land(code), personen, kinder), "Titel", HEUTE).encode())


def alle(wurzel: Any, name: str, klasse: str = "") -> list[Any]:
    return [e for e in wurzel.iter(f"{{{NAMENSRAUM}}}{name}") if not klasse or e.get("class") == klasse]


def test_the_limits_of_nordrhein_westfalen_are_told_version_by_version() -> None:
    abschnitte = verlauf("nw", "gruppe_A").abschnitte
    assert [(a.von, a.grenze) for a in abschnitte] == [
        (date(2010, 1, 1), Decimal(17000)),
        (date(2013, 1, 1), None),
        (date(2016, 1, 1), Decimal(18430)),
        (date(2019, 1, 1), Decimal(19350)),
        (date(2022, 1, 1), Decimal(20420)),
        (date(2025, 1, 1), Decimal(23540)),
    ]
    assert [a.art for a in abschnitte] == ["", "wert_unbekannt", "", "", "", ""]
    assert abschnitte[-1].bis is None
    assert "§ 13 Abs. 1 WFNG NRW" in abschnitte[-1].fundstelle


def test_a_window_of_unknown_beginning_is_a_period_of_its_own() -> None:
    [fenster] = [a for a in verlauf("mv", "foerderweg_1").abschnitte if a.art == "fenster"]
    assert (fenster.von, fenster.bis) == (date(2024, 8, 14), date(2025, 3, 30))
    assert not fenster.gesichert
    assert "Wann die neue Fassung in Kraft trat" in fenster.offen[0]


def test_a_tier_that_ended_ends() -> None:
    assert verlauf("zz", "B").abschnitte[0].bis == date(2014, 12, 31)
    assert verlauf("zz", "B").abschnitte[0].art == "beleg_c"
    assert verlauf("zz", "B").abschnitte[1].von == date(2020, 1, 1)


@jedes_land
@pytest.mark.parametrize(("personen", "kinder"), GROESSEN)
def test_periods_neither_overlap_nor_repeat_and_say_what_holds(code: str, personen: int, kinder: int) -> None:
    land = finde_land(code)
    for v in verlaeufe(land, personen, kinder):
        for a in v.abschnitte:
            for tag in (a.von, a.bis or (a.von or HEUTE) + 400 * TAG):
                assert tag is not None
                [stufe] = [s for s in grenzen_fuer(land, tag, personen, kinder) if s.id == v.id]
                assert (stufe.zur_ansicht, stufe.gesichert) == (a.grenze, a.gesichert)
            assert a.gesichert or (a.art and a.offen)
        for eins, zwei in pairwise(v.abschnitte):
            assert eins.bis is not None
            assert zwei.von is not None
            assert eins.bis < zwei.von


# -- the picture -------------------------------------------------------------------------------------------------


@jedes_land
@pytest.mark.parametrize(("personen", "kinder"), GROESSEN)
def test_no_two_labels_of_the_picture_touch(code: str, personen: int, kinder: int) -> None:
    wurzel = bild(code, personen, kinder)
    kaesten = [
        (int(e.get("x")), int(e.get("y")) - 9, int(e.get("x")) + breite(e.text, 11), int(e.get("y")) + 1)
        for e in alle(wurzel, "text", "klein")
        if e.get("style") and int(e.get("x")) < LINKS + WEITE
    ]
    bekannt = any(a.gesichert for v in verlaeufe(finde_land(code), personen, kinder) for a in v.abschnitte)
    assert bool(kaesten) is bekannt
    for i, a in enumerate(kaesten):
        for b in kaesten[i + 1 :]:
            assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1], (a, b)
    rand = sorted(int(e.get("y")) for e in alle(wurzel, "text", "klein") if int(e.get("x")) > LINKS + WEITE)
    assert all(b - a >= 10 for a, b in pairwise(rand))
    assert all(y < int(wurzel.get("height")) - 30 for y in rand)


@jedes_land
def test_every_tier_is_named_and_every_gap_is_drawn(code: str) -> None:
    gefunden = verlaeufe(finde_land(code), 1, 0)
    wurzel = bild(code)
    worte = " ".join(e.text for e in alle(wurzel, "text", "klein"))
    for v in gefunden:
        assert v.titel.split()[0] in worte
        assert f"{v.titel}: ab " in next(e.text for e in wurzel if e.get("id") == "beschreibung")
    kaesten = [e for k in ("offen", "fehlt") for e in alle(wurzel, "rect", k) if len(e)]
    mit_nachbarn = [
        a
        for v in gefunden
        for a in v.abschnitte
        if not a.gesichert and (a.grenze is not None or any(b.gesichert for b in v.abschnitte))
    ]
    assert len(kaesten) == len(mit_nachbarn)


def test_a_window_is_hatched_between_the_old_and_the_new_limit() -> None:
    [feld] = [e for e in alle(bild("mv"), "rect", "offen") if "Erster Förderweg" in (e[0].text if len(e) else "")]
    hoehen = {v.abschnitte[-1].grenze for v in verlaeufe(finde_land("mv"), 1, 0) if v.id == "foerderweg_1"}
    assert hoehen == {Decimal(18000)}
    assert int(feld.get("width")) >= 3
    assert OBEN <= int(feld.get("y")) <= OBEN + HOEHE


def test_lines_rise_with_the_limit_and_run_with_the_time() -> None:
    [zug] = [e for e in alle(bild("nw"), "polyline") if len(e) and e[0].text.startswith("Gruppe A")][-1:]
    punkte = [tuple(map(int, p.split(","))) for p in zug.get("points").split()]
    assert [x for x, _ in punkte] == sorted(x for x, _ in punkte)
    assert [y for _, y in punkte] == sorted((y for _, y in punkte), reverse=True)
    assert len(punkte) == 8


# -- the command -------------------------------------------------------------------------------------------------


def test_chronik_prints_amounts_as_people_write_them() -> None:
    lauf = CliRunner().invoke(chronik, ["--land", "nw", "--personen", "4", "--kinder", "2"])
    assert lauf.exit_code == 0
    assert "4 Personen, davon 2 Kinder" in lauf.stdout
    text = " ".join(lauf.stdout.split())
    assert "ab 01.01.2025 43.130,00 EUR (A) § 13 Abs. 1 WFNG NRW" in text
    assert "01.01.2013 – 31.12.2015 nicht belegt" in text
    assert max(map(len, lauf.stdout.splitlines())) <= 100


def test_chronik_prints_one_json_document_and_writes_the_picture(tmp_path: Path) -> None:
    ziel = tmp_path / "c.svg"
    lauf = CliRunner().invoke(chronik, ["--land", "nw", "--json", "--svg", str(ziel)])
    dokument = json.loads(lauf.stdout)
    assert (dokument["land"], dokument["personen"], dokument["kinder"]) == ("nw", 1, 0)
    letzter = dokument["stufen"][0]["abschnitte"][-1]
    assert letzter == {
        "von": "2025-01-01",
        "bis": None,
        "grenze": "23540.00",
        "gesichert": True,
        "art": "",
        "beleg": "A",
        "fundstelle": "§ 13 Abs. 1 WFNG NRW",
        "offen": [],
    }
    assert etree.parse(str(ziel)).getroot().get("role") == "img"


@pytest.mark.parametrize(
    ("angaben", "text"),
    [
        (["--land", "xx"], "kein Regelpaket für das Land 'xx'"),
        (["--land", "nw", "--personen", "1", "--kinder", "2"], "nicht mehr Kinder als Personen"),
        ([], "--land"),
    ],
)
def test_mistakes_in_the_call_are_named_and_end_with_two(angaben: list[str], text: str) -> None:
    lauf = CliRunner().invoke(chronik, angaben)
    assert lauf.exit_code == 2
    assert text in lauf.stderr
