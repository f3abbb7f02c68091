"""What must hold in every installed Land for every household: order, limits to the cent, monotony, no exception."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.parameter import Fassung
from fachwerk_wbs import Ergebnis, Land, berechne, finde_land, laender, lies_fall
from fachwerk_wbs.ausgabe import ergebnis_text
from fachwerk_wbs.fall import PAARROLLEN, Art, Leistungsbezug, Rolle, Unterart, UnterhaltAn
from fachwerk_wbs.grenzen import grenzen_fuer

LAENDER = laender()
HEUTE = date(2026, 11, 22)
CENT = Decimal("0.01")
ZAHLUNGEN = ("einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung")
HAUSHALTE = ((1, 0), (2, 0), (2, 1), (4, 2), (5, 3))
"""Persons with children, and children."""

oft = settings(deadline=None)  # as often as the profile says: in long runs forty times as often


@cache
def tage(code: str) -> tuple[date, ...]:
    """Today, a day before everything, and the days on which the law of the Land changes, with the day before."""
    wechsel = finde_land(code).aenderungstage()
    return tuple(sorted({HEUTE, date(1990, 1, 1), *wechsel, *(tag - timedelta(days=1) for tag in wechsel)}))


@st.composite
def ort_und_tag(ziehe: st.DrawFn) -> tuple[str, date]:
    code = ziehe(st.sampled_from(LAENDER))
    return code, ziehe(st.sampled_from([HEUTE, *tage(code)]))


def mensch(name: str, rolle: str, **angaben: Any) -> dict[str, Any]:
    """A member whose facts are complete and grant nothing."""
    geboren = date(HEUTE.year - 10, 1, 1) if rolle == "kind" else date(1980, 5, 1)
    grund = {"name": name, "rolle": rolle, "geburtsdatum": geboren, "einkuenfte": [], "kindergeld": rolle == "kind"}
    gesund = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}
    weitere = {"erwerbstaetig": True, "ausbildung": False, "zahlt": dict.fromkeys(ZAHLUNGEN, False)}
    return {**grund, **gesund, **weitere, **angaben}


def haushalt(code: str, personen: int, kinder: int, betrag: Decimal, **angaben: Any) -> dict[str, Any]:
    """A household that lives on a profit of ``betrag`` and pays nothing that could be deducted."""
    gewinn = {"art": "selbstaendig", "betrag": betrag}
    erwachsene = ["antragsteller", "partner", *["angehoeriger"] * personen][: personen - kinder]
    menschen = [mensch(f"P{i}", rolle) for i, rolle in enumerate([*erwachsene, *["kind"] * kinder])]
    menschen[0]["einkuenfte"] = [gewinn]
    kopf = {"land": code, "unterhalt": [], "alleinerziehend": len(erwachsene) == 1 and kinder > 0, "vermoegen": 0}
    return {**kopf, "haushalt": menschen, **angaben}


def rechne(roh: dict[str, Any], tag: date) -> Ergebnis:
    return berechne(lies_fall(roh), finde_land(roh["land"]), tag)


BETRAEGE = st.decimals(0, 150000, places=2)


def nicht_schlechter(besser: Ergebnis, schlechter: Ergebnis) -> None:
    """Every tier kept in the worse case is kept in the better one, and only the worse one may be refused."""
    stufen = {s.id: s.eingehalten for s in besser.stufen}
    assert all(stufen[s.id] is not False for s in schlechter.stufen if s.eingehalten)
    assert besser.empfehlung != "ablehnen" or schlechter.empfehlung == "ablehnen"
    if besser.gesamteinkommen and schlechter.gesamteinkommen:
        assert Decimal(besser.gesamteinkommen) <= Decimal(schlechter.gesamteinkommen)


@oft
@given(ort_und_tag(), st.sampled_from(HAUSHALTE), BETRAEGE, BETRAEGE)
def test_more_income_never_improves_the_result(
    ort: tuple[str, date], groesse: tuple[int, int], eins: Decimal, zwei: Decimal
) -> None:
    code, tag = ort
    weniger, mehr = (rechne(haushalt(code, *groesse, betrag), tag) for betrag in sorted((eins, zwei)))
    nicht_schlechter(weniger, mehr)
    folge = [stufe.id for stufe in weniger.stufen]
    if weniger.stufe and mehr.stufe:
        assert folge.index(weniger.stufe) <= folge.index(mehr.stufe)


VERGUENSTIGUNGEN: dict[str, dict[str, Any]] = {
    "grad der behinderung": {"grad_der_behinderung": 80},
    "voller grad": {"grad_der_behinderung": 100},
    "pflege": {"pflegegrad": 3, "haeuslich_pflegebeduerftig": True},
    "beides": {"grad_der_behinderung": 50, "pflegegrad": 2, "haeuslich_pflegebeduerftig": True},
}


@oft
@given(
    ort_und_tag(), st.sampled_from(HAUSHALTE), BETRAEGE, st.integers(0, 4), st.sampled_from(sorted(VERGUENSTIGUNGEN))
)
def test_one_more_disability_or_need_of_care_never_worsens_the_result(
    ort: tuple[str, date], groesse: tuple[int, int], betrag: Decimal, wer: int, was: str
) -> None:
    ohne = haushalt(ort[0], *groesse, betrag)
    wer %= groesse[0]
    mitglieder = [{**p, **VERGUENSTIGUNGEN[was]} if i == wer else p for i, p in enumerate(ohne["haushalt"])]
    nicht_schlechter(rechne({**ohne, "haushalt": mitglieder}, ort[1]), rechne(ohne, ort[1]))


@oft
@given(
    ort_und_tag(),
    st.sampled_from(HAUSHALTE),
    BETRAEGE,
    st.sampled_from([an.value for an in UnterhaltAn]),
    st.decimals(0, 20000, places=2),
    st.sampled_from([True, False, None]),
)
def test_maintenance_never_worsens_the_result(
    ort: tuple[str, date], groesse: tuple[int, int], betrag: Decimal, an: str, unterhalt: Decimal, titel: bool | None
) -> None:
    ohne = haushalt(ort[0], *groesse, betrag)
    mit = {**ohne, "unterhalt": [{"an": an, "betrag": unterhalt, "titel": titel}]}
    nicht_schlechter(rechne(mit, ort[1]), rechne(ohne, ort[1]))


@oft
@given(ort_und_tag(), BETRAEGE, st.sampled_from(ZAHLUNGEN))
def test_what_is_paid_in_taxes_and_contributions_never_worsens_the_result(
    ort: tuple[str, date], betrag: Decimal, zahlung: str
) -> None:
    ohne = haushalt(ort[0], 1, 0, betrag)
    zahlt = {**dict.fromkeys(ZAHLUNGEN, False), zahlung: True}
    mit = {**ohne, "haushalt": [{**ohne["haushalt"][0], "zahlt": zahlt}]}
    nicht_schlechter(rechne(mit, ort[1]), rechne(ohne, ort[1]))


@pytest.mark.parametrize("code", LAENDER)
def test_a_child_more_never_lowers_a_limit(code: str) -> None:
    land = finde_land(code)
    for tag, personen in itertools.product({HEUTE, *land.aenderungstage()}, range(1, 6)):
        for kinder in range(personen):
            ohne = {s.id: s for s in grenzen_fuer(land, tag, personen, kinder)}
            for mit in grenzen_fuer(land, tag, personen + 1, kinder + 1):
                if mit.gesichert and ohne[mit.id].gesichert:
                    assert mit.grenze.wert >= ohne[mit.id].grenze.wert, (mit.id, tag, personen, kinder)


@oft
@given(ort_und_tag(), st.sampled_from(HAUSHALTE), BETRAEGE, st.randoms(use_true_random=False))
def test_the_order_of_the_household_never_matters(
    ort: tuple[str, date], groesse: tuple[int, int], betrag: Decimal, zufall: Any
) -> None:
    roh = haushalt(ort[0], *groesse, betrag)
    roh["haushalt"][-1].pop("grad_der_behinderung")
    gemischt = {**roh, "haushalt": zufall.sample(roh["haushalt"], len(roh["haushalt"]))}
    eins, zwei = (rechne(r, ort[1]) for r in (roh, gemischt))
    for liste in ("offen", "begruendung", "hinweise", "nachweise"):
        assert sorted(map(str, getattr(eins, liste))) == sorted(map(str, getattr(zwei, liste)))
    rest = {"offen", "begruendung", "hinweise", "nachweise"}
    assert eins.model_dump(exclude=rest) == zwei.model_dump(exclude=rest)


@pytest.mark.parametrize("code", LAENDER)
@pytest.mark.parametrize("groesse", HAUSHALTE)
def test_the_limit_is_kept_to_the_cent_by_every_tier(code: str, groesse: tuple[int, int]) -> None:
    for tag in sorted({HEUTE, *finde_land(code).aenderungstage()}):
        bekannt = [stufe for stufe in grenzen_fuer(finde_land(code), tag, *groesse) if stufe.gesichert]
        abzug = _abzug(code, groesse, tag) if bekannt else None
        for stufe in bekannt:
            assert abzug is not None, (tag, stufe.id)
            for cent, haelt in (
                (0 * CENT, True),
                (CENT, False),
            ):  # that a cent less is no worse, the test of more income says
                betrag = (stufe.grenze.wert + abzug).quantize(CENT, "ROUND_FLOOR") + cent
                ergebnis = rechne(haushalt(code, *groesse, betrag), tag)
                assert {s.id: s.eingehalten for s in ergebnis.stufen}[stufe.id] is haelt, (tag, stufe.id, cent)


def _abzug(code: str, groesse: tuple[int, int], tag: date) -> Decimal | None:
    """What this household may deduct anyway; None: its income is not known."""
    probe = Decimal(900000)
    ergebnis = rechne(haushalt(code, *groesse, probe), tag)
    bekannt = ergebnis.gesamteinkommen is not None and any(s.eingehalten is not None for s in ergebnis.stufen)
    return probe - Decimal(ergebnis.gesamteinkommen or 0) if bekannt else None


@pytest.mark.parametrize("code", LAENDER)
def test_the_day_before_the_first_version_has_a_named_gap_and_decides_nothing(code: str) -> None:
    land = finde_land(code)
    for parameter in land.parameter.values():
        erster = min((f.beginn for f in parameter.fassungen if f.beginn), default=HEUTE)
        assert not isinstance(parameter.fassung_am(erster - timedelta(days=1)), Fassung), parameter.name
    ergebnis = rechne(haushalt(code, 1, 0, Decimal(10000)), date(1990, 1, 1))
    assert ergebnis.empfehlung in ("vorlegen", "nachfordern")
    assert ergebnis.offen
    assert all(s.eingehalten is None for s in ergebnis.stufen)
    assert not any(s.gesichert for s in grenzen_fuer(land, date(1990, 1, 1), 1, 0))


def vielleicht(werte: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | werte


EINKUENFTE = st.fixed_dictionaries(
    {"art": st.sampled_from([a.value for a in Art]), "betrag": st.decimals(-20000, 90000, places=2)},
    optional={
        "werbungskosten": st.decimals(0, 9000, places=2),
        "unterart": st.sampled_from([u.value for u in Unterart]),
        "wohnkosten": st.decimals(0, 9000, places=2),
        "freibetrag": st.decimals(0, 3600, places=2),
        "ausbildung": st.booleans(),
    },
)
TAGE = st.dates(date(1930, 1, 1), date(2027, 12, 31))
BEZUEGE = st.sampled_from([b.value for b in Leistungsbezug])
MENSCHEN = st.fixed_dictionaries(
    {"rolle": st.sampled_from([r.value for r in Rolle if r is not Rolle.ANTRAGSTELLER])},
    optional={
        "geburtsdatum": TAGE,
        "einkuenfte": st.lists(EINKUENFTE, max_size=3),
        "zahlt": st.dictionaries(st.sampled_from(ZAHLUNGEN), vielleicht(st.booleans())),
        "beitraege": st.dictionaries(st.sampled_from(ZAHLUNGEN[1:]), st.decimals(0, 9000, places=2)),
        "grad_der_behinderung": st.integers(0, 100),
        "pflegegrad": st.integers(0, 5),
        "leistungsbezug": BEZUEGE,
        "einzug_am": TAGE,
        "auszug_am": TAGE,
        "betreuungskosten": st.decimals(0, 5000, places=2),
        **dict.fromkeys(
            ("haeuslich_pflegebeduerftig", "kindergeld", "ausbildung", "erwerbstaetig", "geteiltes_sorgerecht"),
            st.booleans(),
        ),
        **dict.fromkeys(("rollstuhl", "blind"), st.booleans()),
    },
)
KOEPFE = st.fixed_dictionaries(
    {},
    optional={
        "ehe_seit": TAGE,
        "alleinerziehend": st.booleans(),
        "leistungsbezug": BEZUEGE,
        "vermoegen": st.decimals(0, 200000, places=2),
        "haerte": st.booleans(),
        "staatsangehoerigkeit": st.sampled_from(["de", "FR", "tr", "000", "153"]),
        "aufenthaltstitel_bis": TAGE,
        "betreuungskosten": st.decimals(0, 5000, places=2),
        "foerderweg": st.sampled_from(["plus_20", "foerderweg_1", "base", "gibtesnicht"]),
        "einkommenszeitraum": st.just({"von": "2025-01-01", "bis": "2025-12-31"}),
        "unterhalt": st.lists(
            st.fixed_dictionaries(
                {"an": st.sampled_from([a.value for a in UnterhaltAn]), "betrag": st.decimals(0, 20000, places=2)},
                optional={"titel": st.booleans()},
            ),
            max_size=3,
        ),
    },
)


@st.composite
def irgendein_fall(ziehe: st.DrawFn) -> dict[str, Any]:
    """Any valid case: every field may be there or not."""
    menschen = [{**ziehe(MENSCHEN), "rolle": "antragsteller"}, *ziehe(st.lists(MENSCHEN, max_size=5))]
    paar = [m for m in menschen if m["rolle"] in PAARROLLEN]
    menschen = [m for m in menschen if m["rolle"] not in PAARROLLEN or m is paar[0]]
    return {"haushalt": [{"name": f"P{i}", **m} for i, m in enumerate(menschen)], **ziehe(KOEPFE)}


@settings(max_examples=3 * settings().max_examples)
@given(irgendein_fall(), ort_und_tag())
def test_any_valid_case_has_a_result_that_can_be_written_down(fall: dict[str, Any], ort: tuple[str, date]) -> None:
    ergebnis = rechne({"land": ort[0], **fall}, ort[1])
    assert json.loads(json.dumps(ergebnis.als_json()))["land"] == ort[0]
    assert ergebnis_text(ergebnis)
    assert (ergebnis.empfehlung in ("bewilligen", "ablehnen")) == (not ergebnis.offen)
    assert all(punkt.text and punkt.code for punkt in ergebnis.offen)
    if ergebnis.empfehlung == "ablehnen":
        assert {zeile.beleg for zeile in ergebnis.begruendung} <= {"A", ""}
        assert not any(_schein_moeglich(stufe.id, ort[0]) for stufe in ergebnis.stufen if stufe.eingehalten)
    if ergebnis.empfehlung == "bewilligen":
        assert any(stufe.eingehalten for stufe in ergebnis.stufen if stufe.id == ergebnis.stufe)


def _schein_moeglich(stufe: str, code: str) -> bool:
    merkmale = _stufen(code)[stufe]
    return not merkmale.get("nicht_wbs") and not merkmale.get("nur_foerderweg")


@cache
def _stufen(code: str) -> dict[str, Any]:
    land: Land = finde_land(code)
    return {parameter.name.removeprefix("stufe_"): parameter.merkmale for parameter in land.stufen}
