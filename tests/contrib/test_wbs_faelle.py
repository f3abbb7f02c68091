"""Published tables and shipped cases: what an authority printed is what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fachwerk_wbs import Land, berechne, finde_land, laender, lies_fall
from fachwerk_wbs.grenzen import grenzen_fuer
from fachwerk_wbs.musterfaelle import Musterfall, musterfaelle

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
NAMEN = {"nordrhein_westfalen": "nw", "mecklenburg_vorpommern": "mv", "sachsen_anhalt": "st"}
TAGE = {"2025-12": date(2025, 12, 15)}


def zeilen() -> list[dict[str, Any]]:
    datei = SHARED / "facts" / "wbs_examples.yaml"
    if not datei.is_file():
        return []
    alle = yaml.safe_load(datei.read_text(encoding="utf-8"))["examples"]
    return [z for z in alle if z["land"] in NAMEN and z["reproduced"]]


def stichtag(zeile: dict[str, Any]) -> date | None:
    """The day a row stands for; None where the source prints none."""
    try:
        return TAGE.get(zeile["as_of"]) or date.fromisoformat(zeile["as_of"])
    except ValueError:
        return None


def kennung(zeile: dict[str, Any]) -> str:
    return str(zeile["id"])


BEISPIELE = zeilen()


@pytest.mark.shared
def test_the_published_rows_are_there() -> None:
    if not BEISPIELE:
        pytest.skip(f"NOT CHECKED: no published tables beside the checkout ({SHARED})")
    assert len([z for z in BEISPIELE if stichtag(z)]) >= 130
    assert {z["id"] for z in BEISPIELE if stichtag(z) is None} == {
        "nrw_pre2010_zuelpich_1a0k",
        "nrw_pre2010_zuelpich_2a0k",
        "nrw_pre2010_zuelpich_2a3k",
    }


def limits(zeile: dict[str, Any]) -> set[Decimal]:
    land, tag = finde_land(NAMEN[zeile["land"]]), stichtag(zeile)
    assert tag is not None
    erwachsene, kinder = zeile["household"]["adults"], zeile["household"]["children"]
    return {s.grenze.wert for s in grenzen_fuer(land, tag, erwachsene + kinder, kinder)}


@pytest.mark.shared
@pytest.mark.parametrize("zeile", [z for z in BEISPIELE if z["kind"] == "limit_only" and stichtag(z)], ids=kennung)
def test_a_published_limit_is_one_of_the_tiers(zeile: dict[str, Any]) -> None:
    assert Decimal(str(zeile["expected_limit"])) in limits(zeile)


def fall_aus(zeile: dict[str, Any], brutto: Decimal) -> dict[str, Any]:
    """One earner with the row's Werbungskosten, and lump sums that add up to the row's percentage."""
    tag = stichtag(zeile)
    assert tag is not None
    einkunft = {"art": "nichtselbstaendig", "betrag": brutto, "werbungskosten": zeile["werbungskosten"]}
    zahlt = _zahlungen(zeile["lump_sum_pct"], tag)
    kopf = {"geburtsdatum": date(1970, 1, 1), "grad_der_behinderung": 0, "pflegegrad": 0}
    haushalt = [{"name": "A", "rolle": "antragsteller", "einkuenfte": [einkunft], "zahlt": zahlt, **kopf}]
    erwachsene, kinder = zeile["household"]["adults"], zeile["household"]["children"]
    if erwachsene == 2:
        verheiratet = zeile["allowance"] == 4000 and kinder > 0
        rolle = "ehegatte" if verheiratet else "partner"
        haushalt.append({"name": "B", "rolle": rolle, "einkuenfte": [], **kopf})
    kind = {"rolle": "kind", "geburtsdatum": tag - timedelta(days=3000), "kindergeld": True, "einkuenfte": []}
    haushalt += [{"name": f"K{i}", **kind, "grad_der_behinderung": 0, "pflegegrad": 0} for i in range(kinder)]
    return {"land": "nw", "stichtag": tag, "haushalt": haushalt, "unterhalt": []}


def _zahlungen(prozent: int, tag: date) -> dict[str, bool]:
    """Which payments make ``prozent``: 12/12/12 since 2022, 12/10/12 before."""
    kranken = 12 if tag.year >= 2022 else 10
    saetze = {"einkommensteuer": 12, "kranken_pflegeversicherung": kranken, "rentenversicherung": 12}
    for auswahl in ("", "k", "ek", "ekr"):
        zahlt = {name: name[0] in auswahl for name in saetze}
        if sum(satz for name, satz in saetze.items() if zahlt[name]) == prozent:
            return zahlt
    raise AssertionError(f"no combination of payments gives {prozent} %")


def stufe_der_zeile(zeile: dict[str, Any], brutto: Decimal) -> bool | None:
    ergebnis = berechne(lies_fall(fall_aus(zeile, brutto)), finde_land("nw"))
    grenze = f"{Decimal(str(zeile['applicable_limit'])):.2f}"
    return next(s.eingehalten for s in ergebnis.stufen if s.grenze == grenze)


@pytest.mark.shared
@pytest.mark.parametrize("zeile", [z for z in BEISPIELE if z["kind"] == "max_gross" and stichtag(z)], ids=kennung)
def test_the_published_maximum_gross_keeps_the_limit_and_five_euro_more_do_not(zeile: dict[str, Any]) -> None:
    brutto = Decimal(str(zeile["published_max_gross"]))
    gerundet = Decimal(str(zeile["recomputed_max_gross"]))
    assert stufe_der_zeile(zeile, min(brutto, gerundet.quantize(Decimal("0.01")) - Decimal("0.01"))) is True
    assert stufe_der_zeile(zeile, brutto + 5) is False


def gelieferte() -> Iterator[Any]:
    for code in sorted(set(laender()) & {"nw", "mv", "st"}):
        land = finde_land(code)
        for fall in musterfaelle(land):
            yield pytest.param(land, fall, id=f"{code}: {fall.name}")


@pytest.mark.parametrize(("land", "fall"), list(gelieferte()))
def test_a_shipped_case_holds(land: Land, fall: Musterfall) -> None:
    assert fall.abweichungen(land) == {}


@pytest.mark.parametrize("code", ["nw", "mv", "st"])
def test_every_change_day_and_the_day_before_can_be_computed(code: str) -> None:
    land = finde_land(code)
    fall = lies_fall(musterfaelle(land)[0].fall)
    for tag in land.aenderungstage():
        for stand in (tag - timedelta(days=1), tag):
            ergebnis = berechne(fall, land, stand)
            assert ergebnis.empfehlung.value != "ablehnen"
            assert (ergebnis.empfehlung.value == "bewilligen") == (not ergebnis.offen)


def test_an_expectation_that_is_wrong_is_noticed() -> None:
    land = finde_land("nw")
    fall = musterfaelle(land)[1]
    falsch = fall.model_copy(update={"erwartet": {"stufe": "gruppe_B"}})
    assert falsch.abweichungen(land) == {"stufe": ("gruppe_B", "gruppe_A")}
