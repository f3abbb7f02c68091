"""Every figure of the collected facts is in the packages of the Länder: same value, same days, no better grade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fachwerk.parameter import BELEGE, Fassung, Unbekannt
from fachwerk_wbs import Land, finde_land, laender

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
LADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C loader where it is there: every process of the tests reads the facts."""

CODES = {
    "nordrhein_westfalen": "nw", "berlin": "be", "brandenburg": "bb", "bayern": "by", "baden_wuerttemberg": "bw",
    "niedersachsen": "ni", "hessen": "he", "rheinland_pfalz": "rp", "hamburg": "hh", "schleswig_holstein": "sh",
    "bremen": "hb", "saarland": "sl", "sachsen": "sn", "sachsen_anhalt": "st", "mecklenburg_vorpommern": "mv",
    "thueringen": "th",
}  # fmt: skip
HEUTE = date(2026, 11, 21)

pytestmark = pytest.mark.shared


def fakten() -> dict[str, Any]:
    datei = SHARED / "facts" / "wbs_rules.yaml"
    roh: dict[str, Any] = yaml.load(datei.read_bytes(), Loader=LADER)["laender"] if datei.is_file() else {}  # noqa: S506
    return roh


FAKTEN = fakten()


def test_the_facts_are_there() -> None:
    if not FAKTEN:
        pytest.skip(f"NOT CHECKED: no collected facts beside the checkout ({SHARED})")
    assert set(FAKTEN) == set(CODES)


def tage(version: dict[str, Any], neueste: bool) -> list[date]:
    """First and last day of a version, as far as they are known; the newest holds today."""
    tage = {date.fromisoformat(version[name]) for name in ("valid_from", "valid_to") if version.get(name)}
    return sorted(tage | ({HEUTE} if neueste else set()))


def mit_grundbetraegen(code: str, version: dict[str, Any]) -> bool:
    """Whether amounts per person are printed, and not those of whole households in their place."""
    return code != "sh" and not any(name.startswith("household_table") or name == "limit_model" for name in version)


def fassungen(*abschnitte: str) -> Iterator[Any]:
    """One test parameter a Land, version and day whose version has one of ``abschnitte``."""
    for name, code in CODES.items():
        for nummer, version in enumerate(FAKTEN.get(name, {}).get("versions", ())):
            for tag in tage(version, neueste=nummer == 0):
                if any(version.get(abschnitt) for abschnitt in abschnitte) and (
                    "limits" not in abschnitte or mit_grundbetraegen(code, version)
                ):
                    yield pytest.param(code, version, tag, id=f"{code} {tag}")


def stand(land: Land, name: str, tag: date) -> Fassung | Unbekannt | None:
    parameter = land.parameter.get(name)
    return None if parameter is None else parameter.fassung_am(tag)


def zahl(gefunden: Fassung | Unbekannt | None) -> Any:
    """The figure, also one that must not decide."""
    return gefunden.vorlaeufig if isinstance(gefunden, Unbekannt) else gefunden.wert if gefunden else None


def als_dezimal(wert: Any) -> Decimal | None:
    roh = wert["wert"] if isinstance(wert, dict) else wert
    return None if roh is None else Decimal(str(roh))


def grad(abschnitt: dict[str, Any], feld: str) -> str:
    angabe = abschnitt.get("confidence")
    return str(angabe.get(feld, "C") if isinstance(angabe, dict) else angabe)


def betraege(version: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Parameter, figure and grade of the base amounts."""
    grenzen, mehr, kind = (version.get(n) or {} for n in ("limits", "increments", "child_supplement"))
    yield "grenze_1", grenzen.get("p1"), grad(grenzen, "p1")
    yield "grenze_2", grenzen.get("p2"), grad(grenzen, "p2")
    yield "grenze_weitere", mehr.get("further_person"), grad(mehr, "further_person")
    yield "grenze_kind", kind.get("amount"), grad(kind, "amount")


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("limits")))
def test_the_base_amounts_are_those_of_the_facts(code: str, version: dict[str, Any], tag: date) -> None:
    land = finde_land(code)
    for name, betrag, _ in betraege(version):
        assert zahl(stand(land, name, tag)) == als_dezimal(betrag), name


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("limits")))
def test_no_base_amount_is_better_evidenced_than_in_the_facts(code: str, version: dict[str, Any], tag: date) -> None:
    land = finde_land(code)
    notizen = str(version.get("notes"))
    for name, _, beleg in betraege(version):
        gefunden = stand(land, name, tag)
        if isinstance(gefunden, Fassung) and beleg in BELEGE and "path" not in notizen:
            assert BELEGE.index(gefunden.beleg) >= BELEGE.index(beleg), name  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("household_table", "household_table_official")))
def test_a_household_table_is_that_of_the_facts_row_by_row(code: str, version: dict[str, Any], tag: date) -> None:
    tabelle = zahl(stand(finde_land(code), "haushaltstabelle", tag))
    for haushalt, zeile in (version.get("household_table") or version["household_table_official"]).items():
        assert moegliche(tabelle.get(haushalt)) == moegliche(zeile), haushalt


def moegliche(zelle: Any) -> list[Decimal]:
    if isinstance(zelle, dict):
        zelle = next(zelle[name] for name in ("candidates", "value", "wert") if name in zelle)
    return [Decimal(str(wert)) for wert in (zelle if isinstance(zelle, list) else [zelle]) if wert is not None]


ABZUEGE = {"pauschale_steuer": "tax_pct", "pauschale_kranken": "health_care_pct", "pauschale_rente": "pension_pct"}


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("deductions")))
def test_the_lump_sums_are_those_of_the_facts(code: str, version: dict[str, Any], tag: date) -> None:
    abzuege = version["deductions"]
    bund = abzuege.get("same_as") == "federal"
    for name, feld in ABZUEGE.items():
        gefunden = stand(finde_land(code), name, tag)
        assert zahl(gefunden) == (Decimal(10) if bund else als_dezimal(abzuege.get(feld))), name
        if isinstance(gefunden, Fassung) and abzuege.get("confidence") in BELEGE:
            assert BELEGE.index(gefunden.beleg) >= BELEGE.index(abzuege["confidence"]), name


def gilt(stufe: dict[str, Any], tag: date) -> bool:
    """Whether a tier with days of its own is in force on ``tag``; a month alone is not compared."""
    von, bis = str(stufe.get("valid_from", "")), str(stufe.get("valid_to", ""))
    return not (len(von) == len("2023-06") or von > tag.isoformat() or (bis and bis < tag.isoformat()))


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("tiers")))
def test_every_tier_of_the_facts_is_there_with_its_factor_or_amounts(
    code: str, version: dict[str, Any], tag: date
) -> None:
    for stufe in version["tiers"]:
        if {"steps", "base"} & set(stufe) or not gilt(stufe, tag):
            continue  # of another base or several steps: those are in the cases of the Land
        wert = zahl(stand(finde_land(code), f"stufe_{stufe['id']}", tag))
        if isinstance(wert, dict):
            assert moegliche(wert["p1"]) == [Decimal(str(stufe["p1"]))], stufe["id"]
            assert moegliche(wert["p2"]) == [Decimal(str(stufe["p2"]))], stufe["id"]
        else:
            assert wert == als_dezimal(stufe.get("factor")), stufe["id"]


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("sizes")))
def test_the_sizes_are_those_of_the_facts(code: str, version: dict[str, Any], tag: date) -> None:
    for name, feld in (("wohnflaeche", "areas_m2"), ("raeume", "rooms")):
        soll = version["sizes"].get(feld)
        if isinstance(soll, dict) and "per_person" not in soll:
            ist = zahl(stand(finde_land(code), name, tag))
            assert {k: als_dezimal(v) for k, v in ist.items()} == {
                str(k).replace("further", "weitere"): als_dezimal(v) for k, v in soll.items()
            }, name


@pytest.mark.parametrize(("code", "version", "tag"), list(fassungen("fee")))
def test_the_fee_is_that_of_the_facts(code: str, version: dict[str, Any], tag: date) -> None:
    assert zahl(stand(finde_land(code), "gebuehr", tag)) == als_dezimal(version["fee"].get("amount"))


def test_all_sixteen_laender_are_there() -> None:
    assert set(CODES.values()) <= set(laender())
