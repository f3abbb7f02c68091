"""Deadlines and urgency of rent arrears: to the day, on the safe side, and with every doubt named."""

from __future__ import annotations

from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.modell import Dringlichkeit
from fachwerk.regeln import monate_spaeter
from fachwerk_mietrueckstaende.fristen import ist_feiertag, ist_wochenende, naechster_werktag, ostersonntag

TAGE = st.dates(date(2000, 1, 1), date(2100, 1, 1))


# -- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jahr", "tag"),
    [(2000, "2000-04-23"), (2008, "2008-03-23"), (2024, "2024-03-31"), (2025, "2025-04-20"), (2038, "2038-04-25")],
)
def test_easter_falls_on_the_known_days(jahr: int, tag: str) -> None:
    assert ostersonntag(jahr).isoformat() == tag


@given(st.integers(1900, 2200))
def test_easter_is_a_sunday_between_the_outer_days(jahr: int) -> None:
    ostern = ostersonntag(jahr)
    assert ostern.weekday() == 6
    assert date(jahr, 3, 22) <= ostern <= date(jahr, 4, 25)


@pytest.mark.parametrize(
    ("tag", "werktag"),
    [
        ("2026-11-20", "2026-11-20"),  # Friday
        ("2026-11-21", "2026-11-23"),  # Saturday
        ("2027-01-03", "2027-01-04"),  # Sunday
        ("2026-04-03", "2026-04-07"),  # Good Friday, then the weekend, then Easter Monday
        ("2026-12-25", "2026-12-28"),  # both days of Christmas and the Sunday after them
        ("2026-05-14", "2026-05-15"),  # Ascension
        ("2026-05-25", "2026-05-26"),  # Whit Monday
        ("2026-06-04", "2026-06-04"),  # Corpus Christi: not everywhere
        ("2026-10-31", "2026-11-02"),  # a Saturday; the Monday after is none of the holidays
    ],
)
def test_the_next_working_day_leaves_out_weekends_and_the_holidays_of_all_laender(tag: str, werktag: str) -> None:
    assert naechster_werktag(date.fromisoformat(tag)).isoformat() == werktag


@given(TAGE)
def test_a_day_is_moved_forward_only_and_never_far(tag: date) -> None:
    werktag = naechster_werktag(tag)
    assert tag <= werktag <= tag + timedelta(days=5)
    assert not ist_wochenende(werktag)
    assert not ist_feiertag(werktag)
    assert naechster_werktag(werktag) == werktag


@given(TAGE, st.integers(1, 24))
def test_months_later_keep_the_day_or_end_with_the_month(tag: date, monate: int) -> None:
    ende = monate_spaeter(tag, monate)
    assert (ende.year * 12 + ende.month) - (tag.year * 12 + tag.month) == monate
    assert ende.day == tag.day or (ende.day < tag.day and (ende + timedelta(days=1)).day == 1)


# -- the Schonfrist ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zugestellt", "ende", "verschoben"),
    [
        ("2026-11-03", "2027-01-03", "2027-01-04"),
        ("2026-10-20", "2026-12-20", "2026-12-21"),
        ("2026-10-19", "2026-12-19", "2026-12-21"),
        ("2026-10-21", "2026-12-21", "2026-12-21"),
        ("2026-10-25", "2026-12-25", "2026-12-28"),
        ("2025-12-31", "2026-02-28", "2026-03-02"),
        ("2023-12-31", "2024-02-29", "2024-02-29"),
        ("2026-01-31", "2026-03-31", "2026-03-31"),
    ],
)
def test_the_landlord_must_be_paid_within_two_months_of_pendency(
    mrs: ModuleType, zugestellt: str, ende: str, verschoben: str
) -> None:
    roh = mrs.mit("gefahr", klage_zugestellt=zugestellt)
    ergebnis = mrs.geprueft(roh, date.fromisoformat(zugestellt)).als_json()
    assert ergebnis["schonfrist_ende"] == ende
    assert ergebnis["schonfrist_ende_nach_193"] == verschoben
    assert ergebnis["frist"] == ende, "the earlier day is the one to act by"
    assert "§ 569 Abs. 3 Nr. 2 BGB" in mrs.fundstellen(mrs.votum(roh))


def test_a_last_day_that_may_move_is_said_and_not_relied_on(mrs: ModuleType) -> None:
    texte = [z.wert for z in mrs.geprueft(mrs.mit("gefahr", klage_zugestellt="2026-11-03")).schritte]
    (satz,) = (t for t in texte if "§ 193" in t)
    assert "04.01.2027" in satz
    assert "zu prüfen" in satz
    werktag = mrs.geprueft(mrs.mit("gefahr", klage_zugestellt="2026-11-04")).schritte
    assert not any("§ 193" in z.wert for z in werktag)


@pytest.mark.parametrize("zugestellt", ["2026-11-06", "2026-04-04", "2026-09-18", "2027-09-01"])
def test_a_holiday_of_some_laender_is_named_as_a_question(mrs: ModuleType, zugestellt: str) -> None:
    roh = mrs.mit("gefahr", klage_zugestellt=zugestellt, kuendigung="2026-03-01")
    schritte = mrs.geprueft(roh, date(2026, 9, 20)).schritte
    assert any("in manchen Ländern ein Feiertag" in z.wert for z in schritte)


@given(st.dates(date(2010, 1, 1), date(2060, 1, 1)), st.integers(0, 100))
def test_the_deadline_shown_is_never_over_and_never_after_the_last_possible_day(
    mrs: ModuleType, zugestellt: date, spaeter: int
) -> None:
    stichtag = zugestellt + timedelta(days=spaeter)
    pruefung = mrs.geprueft(mrs.mit("gefahr", kuendigung=None, klage_zugestellt=zugestellt.isoformat()), stichtag)
    ende = pruefung.schonfrist.ende
    assert ende == monate_spaeter(zugestellt, 2)
    if pruefung.frist is None:
        assert pruefung.schonfrist.verschoben < stichtag
        assert any(p.code.endswith("schonfrist_abgelaufen") for p in pruefung.eilig)
    else:
        assert stichtag <= pruefung.frist <= pruefung.schonfrist.verschoben
        assert pruefung.frist == ende or ende < stichtag
        nahe = pruefung.frist <= stichtag + timedelta(days=14)
        assert pruefung.dringlichkeit is (Dringlichkeit.SOFORT if nahe else Dringlichkeit.HOCH)


def test_with_only_the_filing_known_the_earliest_possible_end_counts_and_is_called_that(mrs: ModuleType) -> None:
    roh = mrs.mit("gefahr", klage_zugestellt=None, klage_eingegangen="2026-10-12")
    pruefung = mrs.geprueft(roh)
    assert (pruefung.frist, pruefung.dringlichkeit) == (date(2026, 12, 12), Dringlichkeit.HOCH)
    assert any("nicht vor dem 12.12.2026" in p.text for p in pruefung.eilig)
    spaet = mrs.geprueft(mrs.mit("gefahr", klage_zugestellt=None, klage_eingegangen="2026-07-12"))
    assert (spaet.frist, spaet.dringlichkeit) == (None, Dringlichkeit.SOFORT)
    assert any("schon abgelaufen sein" in p.text for p in spaet.eilig)


def test_a_pending_claim_without_any_day_is_urgent_because_the_deadline_may_end_any_day(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(mrs.mit("gefahr", klage_zugestellt=None))
    assert (ergebnis.dringlichkeit, ergebnis.frist) == (Dringlichkeit.SOFORT, None)
    assert mrs.codes(ergebnis)[:2] == ["zustellung_unbekannt", "nicht_warten"]


def test_an_ordinary_termination_has_no_schonfrist_and_the_pending_reform_is_named(mrs: ModuleType) -> None:
    pruefung = mrs.geprueft(mrs.mit("gefahr", kuendigung_art="ordentlich", kuendigung_zum="2027-01-31"))
    assert (pruefung.schonfrist, pruefung.heilung, pruefung.frist) == (None, "nein", date(2027, 1, 31))
    (zeile,) = (z for z in pruefung.schritte if "21/6807" in z.wert)
    assert zeile.beleg == "B"
    beides = mrs.geprueft(mrs.mit("gefahr", kuendigung_art="fristlos_und_ordentlich"))
    assert (beides.heilung, beides.frist) == ("teilweise", date(2027, 1, 3))


def test_an_unknown_kind_of_termination_keeps_the_deadline(mrs: ModuleType) -> None:
    pruefung = mrs.geprueft(mrs.mit("gefahr", kuendigung_art=None))
    assert (pruefung.heilung, pruefung.frist) == ("zu_pruefen", date(2027, 1, 3))


@pytest.mark.parametrize(
    ("angaben", "heilung"),
    [
        ({"frueher_uebernommen": False}, "ja"),
        ({"frueher_uebernommen": None}, "zu_pruefen"),
        ({"frueher_uebernommen": True}, "zu_pruefen"),
        ({"frueher_uebernommen": True, "fruehere_kuendigung": "2024-09-30"}, "ja"),
        ({"frueher_uebernommen": True, "fruehere_kuendigung": "2024-10-01"}, "nein"),
        ({"frueher_uebernommen": True, "fruehere_kuendigung": "2025-10-01"}, "nein"),
        ({"frueher_uebernommen": True, "frueher_uebernommen_am": "2024-09-30"}, "ja"),
        ({"frueher_uebernommen": True, "frueher_uebernommen_am": "2024-10-01"}, "zu_pruefen"),
        ({"frueher_uebernommen": True, "frueher_uebernommen_am": "2025-10-01"}, "zu_pruefen"),
    ],
)
def test_a_repeat_counts_two_years_from_the_earlier_termination_to_the_day(
    mrs: ModuleType, angaben: dict[str, Any], heilung: str
) -> None:
    pruefung = mrs.geprueft(mrs.fall(**angaben))
    assert pruefung.heilung == heilung
    if angaben["frueher_uebernommen"]:
        assert any("schon einmal übernommen" in z.wert for z in pruefung.schritte)
    assert pruefung.frist == date(2027, 1, 3), "whoever relies on a stated day must still see the deadline"


def test_the_day_of_the_earlier_takeover_is_asked_for(mrs: ModuleType) -> None:
    assert any("früheren Übernahme" in text for text in mrs.geprueft(mrs.fall(frueher_uebernommen=True)).fehlend)
    mit_tag = mrs.fall(frueher_uebernommen=True, frueher_uebernommen_am="2020-01-01")
    assert mrs.geprueft(mit_tag).fehlend == ()


# -- urgency ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gefahr", "dringlichkeit", "frist"),
    [
        ({}, "normal", None),
        ({"mahnung": "2026-11-01"}, "normal", None),
        ({"kuendigung": "2026-10-01"}, "hoch", None),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-11-03"}, "hoch", "2027-01-03"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-10-06"}, "hoch", "2026-12-06"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-10-05"}, "sofort", "2026-12-05"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-09-21"}, "sofort", "2026-11-21"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-09-20"}, "hoch", None),
        ({"termin": "2026-12-05"}, "sofort", "2026-12-05"),
        ({"termin": "2026-12-06"}, "hoch", "2026-12-06"),
        ({"termin": "2026-11-01"}, "hoch", None),
        ({"urteil": "2026-11-01"}, "sofort", None),
        ({"raeumungstermin": "2027-02-01"}, "sofort", "2027-02-01"),
        ({"raeumungstermin": "2026-11-20"}, "sofort", None),
        ({"raeumungstermin": "2027-02-01", "termin": "2026-12-24"}, "sofort", "2026-12-24"),
    ],
)
def test_urgency_follows_the_nearest_danger(
    mrs: ModuleType, gefahr: dict[str, Any], dringlichkeit: str, frist: str | None
) -> None:
    ergebnis = mrs.votum(mrs.fall(gefahr=gefahr))
    assert ergebnis.dringlichkeit == dringlichkeit
    assert ergebnis.frist == (date.fromisoformat(frist) if frist else None)
    assert ergebnis.begruendung[0].wert.startswith(f"{dringlichkeit}: ")
    assert ergebnis.ergebnis["dringlichkeit"] == dringlichkeit


def test_a_deadline_moved_from_the_weekend_still_counts_on_the_monday(mrs: ModuleType) -> None:
    roh = mrs.mit("gefahr", klage_zugestellt="2026-09-20")  # ends on Friday 20 November
    assert mrs.geprueft(roh, date(2026, 11, 21)).frist is None
    roh = mrs.mit("gefahr", klage_zugestellt="2026-09-21")  # ends on Saturday 21 November, moved to Monday
    am_montag = mrs.geprueft(roh, date(2026, 11, 23))
    assert (am_montag.frist, am_montag.dringlichkeit) == (date(2026, 11, 23), Dringlichkeit.SOFORT)
    assert mrs.geprueft(roh, date(2026, 11, 24)).frist is None


def test_before_the_law_that_is_evidenced_no_day_is_computed_and_a_person_looks(mrs: ModuleType) -> None:
    frueh = mrs.geprueft(mrs.mit("gefahr", kuendigung="2001-01-01", klage_zugestellt="2001-02-01"), date(2001, 2, 1))
    assert (frueh.schonfrist, frueh.frist, frueh.dringlichkeit) == (None, None, Dringlichkeit.SOFORT)
    assert any("unbekannt" in z.wert for z in frueh.schritte)


def test_known_days_are_shown_with_their_distance(mrs: ModuleType) -> None:
    gefahr = {"kuendigung": "2026-10-01", "termin": "2026-11-22", "raeumungstermin": "2026-11-21"}
    werte = {z.name: z.wert for z in mrs.geprueft(mrs.fall(gefahr=gefahr)).schritte}
    assert werte["Kündigung"] == "01.10.2026 (51 Tage her)"
    assert werte["Gerichtstermin"] == "22.11.2026 (in 1 Tag)"
    assert werte["Räumungstermin"] == "21.11.2026 (heute)"


def test_before_a_termination_payment_still_prevents_it(mrs: ModuleType) -> None:
    schritte = mrs.geprueft(mrs.fall(gefahr={"mahnung": "2026-11-01", "raeumungsklage": False})).schritte
    assert any(z.fundstelle == "§ 543 Abs. 2 Satz 2 BGB" for z in schritte)


@pytest.mark.parametrize(
    ("gefahr", "code"),
    [
        ({"kuendigung": "2026-11-22"}, "tag_in_zukunft"),
        ({"mahnung": "2026-12-01"}, "tag_in_zukunft"),
        ({"kuendigung": "2026-10-01", "klage_zugestellt": "2026-09-01"}, "reihenfolge"),
        ({"klage_eingegangen": "2026-10-10", "klage_zugestellt": "2026-10-01"}, "reihenfolge"),
        ({"raeumungsklage": False, "klage_zugestellt": "2026-10-01"}, "klage_widerspruch"),
        ({"raeumungstermin": "2026-11-20"}, "raeumungstermin"),
        ({"termin": "2026-11-20"}, "gerichtstermin"),
    ],
)
def test_days_that_cannot_be_right_are_asked_about(mrs: ModuleType, gefahr: dict[str, Any], code: str) -> None:
    fragen = [p for p in mrs.votum(mrs.fall(gefahr=gefahr)).offen if p.code == f"mietrueckstaende.{code}"]
    assert len(fragen) == 1
    assert "?" in fragen[0].text


def test_nobody_waits_for_papers_while_the_deadline_runs_out(mrs: ModuleType) -> None:
    roh = mrs.mit("gefahr", klage_zugestellt="2026-09-25")
    assert "nicht_warten" not in mrs.codes(mrs.votum(roh))
    del roh["verbleib_gewollt"]
    assert "nicht_warten" in mrs.codes(mrs.votum(roh))
