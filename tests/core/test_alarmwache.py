"""The watch: what lasts too long or is near is one alarm per cause and subject, and ends when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fachwerk import alarm, alarmgruende, alarmumfeld, alarmwache, eingriff, pausen
from fachwerk.abschnitte import KanalEinstellungen
from fachwerk.alarmgruende import Anzeige
from fachwerk.betrieb import Betrieb
from fachwerk.errors import NeedsHumanError, RetryableError
from fachwerk.modell import Befund, GehaltenFuer, Schwere
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import eingang, kanal_lauf, knoten, vorgang, wachgang
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.pki import neue_ca, neues_zertifikat
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.vorpruefung_lage import lage

Bau = Callable[..., Welt]

UNZUSTAENDIG = NeedsHumanError("konto", "Wer ist zuständig?", fuer=GehaltenFuer.SACHBEARBEITUNG)
GESTERN = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    """Every cause on SQLite; that PostgreSQL understands the same questions is a test of its own."""
    return sqlite_url


def sieh(welt: Welt, *anlaesse: str) -> list[tuple[str, str, str]]:
    """Look once, as the first for all, and say what is open of ``anlaesse``: cause, subject without ids, code."""
    with welt.betrieb.store.transaktion("probe") as verbindung:
        verbindung.execute(wachgang.delete().where(wachgang.c.name == alarmwache.GANG))
    assert alarmwache.gehe(welt.betrieb)
    return offen(welt, *anlaesse)


def offen(welt: Welt, *anlaesse: str) -> list[tuple[str, str, str]]:
    zeilen = alarm.offene(welt.betrieb.store)
    return [(z.anlass, z.gegenstand, z.code) for z in zeilen if not anlaesse or z.anlass in anlaesse]


def setze(welt: Welt, tabelle: sa.Table, **werte: object) -> None:
    with welt.betrieb.store.transaktion("probe") as verbindung:
        verbindung.execute(tabelle.update().values(**werte))


def bekomme_vorgang(welt: Welt, stoerung: Exception | None = None) -> str:
    if stoerung is not None:
        welt.mit_schluessel.stoerungen.append(Stoerung(stoerung))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.durchlauf()
    return f"vorgang:{welt.der_vorgang().id}"


# -- the look ---------------------------------------------------------------------------------------------------------


def test_a_site_where_all_is_well_has_no_alarm(welt: Welt) -> None:
    bekomme_vorgang(welt)
    assert sieh(welt) == []


@pytest.mark.postgresql
def test_on_postgresql_every_cause_can_be_looked_at(postgres_url: str, tmp_path: Path) -> None:
    welt = Welt(postgres_url, tmp_path / "welt", audit={"ordner": str(tmp_path / "koepfe")})
    fall = bekomme_vorgang(welt, UNZUSTAENDIG)
    setze(welt, vorgang, dringlichkeit="sofort", frist=datetime.now(UTC).date(), leistung="")
    welt.vergehe(days=40)
    setze(welt, eingang, bestaetigt=None)
    with structlog.testing.capture_logs() as log:
        erwartet = {("frist", fall), ("zu_lange_gehalten", fall)}
        erwartet |= {(anlass, "kanal:postfach") for anlass in ("kein_abruf", "monatsende", "postfach")}
        assert {(anlass, gegenstand) for anlass, gegenstand, _ in sieh(welt)} == erwartet
    assert [zeile for zeile in log if zeile["event"] == "wache_gescheitert"] == []
    welt.schliesse()


def test_of_two_nodes_one_looks_for_all_and_none_twice_in_a_minute(welt: Welt) -> None:
    nachbar = welt.nachbar()
    assert [alarmwache.gehe(eine.betrieb) for eine in (welt, nachbar, welt)] == [True, False, False]
    welt.vergehe(minutes=1)
    assert [alarmwache.gehe(eine.betrieb) for eine in (nachbar, welt)] == [True, False]
    nachbar.schliesse()


def test_a_look_noted_by_a_clock_that_was_wrong_bars_nobody(welt: Welt) -> None:
    assert alarmwache.gehe(welt.betrieb)
    welt.vergehe(days=-1)
    assert alarmwache.gehe(welt.betrieb)


def test_a_cause_that_cannot_be_looked_at_leaves_its_alarms_as_they_are(welt: Welt) -> None:
    jetzt = datetime.now(UTC)

    def kann_nicht(_betrieb: Betrieb, _jetzt: datetime) -> Iterable[Anzeige]:
        raise OSError

    alarmwache.gleiche_ab(welt.betrieb, "a", lambda _b, _j: [Anzeige("ziel:akte", "c", "h")], jetzt)
    alarmwache.gleiche_ab(welt.betrieb, "a", kann_nicht, jetzt)
    assert offen(welt, "a") == [("a", "ziel:akte", "c")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(folge=st.lists(st.dictionaries(st.sampled_from(["x", "y", "z"]), st.sampled_from(["c", "d"])), max_size=6))
def test_whatever_was_open_before_the_next_look_leaves_exactly_what_it_found(
    welt: Welt, folge: list[dict[str, str]]
) -> None:
    for fund in [*folge, {}]:
        anzeigen = [Anzeige(f"ziel:{name}", code, code) for name, code in fund.items()]
        alarmwache.gleiche_ab(welt.betrieb, "a", lambda _b, _j, a=anzeigen: a, datetime.now(UTC))  # type: ignore[misc]
        assert sorted(offen(welt)) == sorted(("a", f"ziel:{name}", code) for name, code in fund.items())
    assert all(zeile.anzahl == 1 for zeile in welt.zeilen(alarme))


# -- mailboxes --------------------------------------------------------------------------------------------------------

KEIN_ABRUF = [("kein_abruf", "kanal:postfach", "kein_abruf")]


def test_no_successful_poll_for_an_hour_is_an_alarm_until_the_next_one(welt: Welt) -> None:
    welt.rufe_ab()
    welt.vergehe(minutes=59)
    assert sieh(welt) == []
    welt.vergehe(minutes=2)
    assert sieh(welt) == KEIN_ABRUF
    assert sieh(welt) == KEIN_ABRUF
    welt.rufe_ab()
    assert sieh(welt) == []


def test_polls_that_fail_are_no_successful_ones(welt: Welt) -> None:
    welt.postfach.stoerung_beim_oeffnen.append(RetryableError("weg", "Nicht da."))
    with pytest.raises(RetryableError):
        welt.rufe_ab()
    assert sieh(welt) == []
    welt.vergehe(minutes=61)
    assert sieh(welt) == KEIN_ABRUF


def test_a_mailbox_paused_by_hand_is_not_missed(welt: Welt) -> None:
    welt.rufe_ab()
    pausen.halte_an(welt.betrieb, "kanal:postfach", "anna", "Umzug")
    welt.vergehe(days=1)
    assert sieh(welt) == []


def test_outside_of_the_times_of_a_cron_nobody_expects_a_poll() -> None:
    kanal = KanalEinstellungen.model_validate({"plugin": "p", "cron": "*/5 6-20 * * mon-fri"})
    freitag = datetime(2026, 11, 20, 19, 55, tzinfo=UTC)  # 20:55 in Germany, the last poll of the week
    montag = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    assert alarmgruende.spaetestens(kanal, freitag, 60) == montag + timedelta(minutes=60)


def test_a_slow_interval_is_given_two_of_its_turns() -> None:
    kanal = KanalEinstellungen.model_validate({"plugin": "p", "takt": "2h"})
    assert alarmgruende.spaetestens(kanal, GESTERN, 60) == GESTERN + timedelta(hours=4)


def test_a_message_not_closed_in_the_mailbox_is_reported_after_a_day_and_again_after_three(welt: Welt) -> None:
    bekomme_vorgang(welt)
    setze(welt, eingang, bestaetigt=None)
    assert sieh(welt, alarm.POSTFACH) == []
    welt.vergehe(days=1, minutes=1)
    assert sieh(welt, alarm.POSTFACH) == [("postfach", "kanal:postfach", "postfach_warnung")]
    welt.vergehe(days=2)
    assert sieh(welt, alarm.POSTFACH) == [("postfach", "kanal:postfach", "postfach_kritisch")]
    setze(welt, eingang, bestaetigt=datetime.now(UTC))
    assert sieh(welt, alarm.POSTFACH) == []


# -- cases ------------------------------------------------------------------------------------------------------------


def test_a_case_held_for_too_long_is_reported_until_somebody_acts(welt: Welt) -> None:
    fall = bekomme_vorgang(welt, UNZUSTAENDIG)
    welt.vergehe(hours=3, minutes=59)
    assert sieh(welt, alarm.GEHALTEN) == []
    welt.vergehe(minutes=2)
    assert sieh(welt, alarm.GEHALTEN) == [("zu_lange_gehalten", fall, "gehalten")]
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    assert offen(welt, alarm.GEHALTEN) == []
    welt.arbeite()
    assert (welt.der_vorgang().gehalten_seit, sieh(welt, alarm.GEHALTEN)) == (None, [])


def test_the_office_and_the_machines_may_have_different_patience(baue_welt: Bau) -> None:
    welt = baue_welt(alarm={"gehalten_stunden": 2}, klaerung={"alarm_stunden": 8})
    bekomme_vorgang(welt, UNZUSTAENDIG)
    welt.vergehe(hours=7)
    assert sieh(welt, alarm.GEHALTEN) == []
    setze(welt, vorgang, gehalten_fuer="technik")
    assert len(sieh(welt, alarm.GEHALTEN)) == 1
    setze(welt, vorgang, gehalten_fuer="sachbearbeitung")
    welt.vergehe(hours=1, minutes=1)
    assert len(sieh(welt, alarm.GEHALTEN)) == 1


def test_a_case_stays_held_since_the_first_moment_whatever_else_changes(welt: Welt) -> None:
    bekomme_vorgang(welt, UNZUSTAENDIG)
    welt.vergehe(hours=5)
    with welt.betrieb.store.transaktion("probe") as verbindung:
        welt.betrieb.store.aendere(verbindung, welt.der_vorgang().id, status="held")
        welt.betrieb.store.aendere(verbindung, welt.der_vorgang().id)
    assert len(sieh(welt, alarm.GEHALTEN)) == 1


def test_an_urgent_case_that_got_on_by_itself_alarms_no_more(welt: Welt) -> None:
    fall = bekomme_vorgang(welt, UNZUSTAENDIG)
    with welt.betrieb.store.transaktion("probe") as verbindung:
        alarm.melde(verbindung, alarm.DRINGEND, fall, "konto", "h")
    assert sieh(welt, alarm.DRINGEND) == [("dringend_gehalten", fall, "konto")]
    setze(welt, vorgang, status="done")
    assert sieh(welt, alarm.DRINGEND) == []


def test_the_deadline_of_an_unfinished_case_is_reported_when_it_is_near_and_when_it_is_over(welt: Welt) -> None:
    fall = bekomme_vorgang(welt, UNZUSTAENDIG)
    heute = datetime.now(UTC).date()
    for tage, code in ((9, None), (2, "frist_nah"), (-2, "frist_vorbei")):
        setze(welt, vorgang, dringlichkeit="sofort", frist=heute + timedelta(days=tage))
        assert sieh(welt, alarm.FRIST) == ([("frist", fall, code)] if code else [])
    (zeile,) = [z for z in alarm.offene(welt.betrieb.store) if z.anlass == alarm.FRIST]
    assert str(heute.year) not in zeile.hinweis, "the date is content of the case"
    setze(welt, vorgang, status="done")
    assert sieh(welt, alarm.FRIST) == []


@pytest.mark.parametrize(
    ("tag", "beginn"),
    [
        (date(2026, 11, 5), date(2026, 11, 26)),  # ends on a Monday
        (date(2026, 8, 31), date(2026, 8, 27)),
        (date(2027, 1, 1), date(2027, 1, 27)),  # ends on a Sunday
        (date(2028, 2, 29), date(2028, 2, 25)),
    ],
)
def test_the_end_of_a_month_begins_with_its_third_last_weekday(tag: date, beginn: date) -> None:
    assert alarmgruende.beginn_des_monatsendes(tag) == beginn


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
def test_what_came_in_an_earlier_month_is_always_due_and_what_just_came_never(zeit: datetime) -> None:
    jetzt = zeit.replace(tzinfo=UTC)
    grenze = alarmgruende.faellig_vor(jetzt)
    erster = alarmgruende.heute(jetzt).replace(day=1)
    assert jetzt - grenze >= timedelta(hours=1)
    assert alarmgruende.heute(grenze) >= erster - timedelta(days=1)


def test_what_is_not_handed_over_at_the_end_of_the_month_is_reported_loudly(welt: Welt) -> None:
    bekomme_vorgang(welt, UNZUSTAENDIG)
    eingegangen = datetime(2026, 11, 10, 9, tzinfo=UTC)
    setze(welt, vorgang, angelegt=eingegangen, leistung="buergergeld")

    def gemeldet(*wann: int) -> list[str]:
        funde = alarmgruende.monatsende(welt.betrieb, datetime(*wann, tzinfo=UTC))  # type: ignore[misc, arg-type]
        return [fund.gegenstand for fund in funde]

    assert gemeldet(2026, 11, 20, 9) == []
    assert gemeldet(2026, 11, 26, 9) == ["kanal:postfach"]
    assert gemeldet(2026, 12, 2, 9) == ["kanal:postfach"], "until it is done, also in the next month"
    assert gemeldet(2026, 11, 25, 22, 59) == [], "still the 25th in Germany"
    assert gemeldet(2026, 11, 25, 23, 1) == ["kanal:postfach"]
    setze(welt, vorgang, leistung="wbs")
    assert gemeldet(2026, 11, 26, 9) == [], "a certificate is no benefit by the month"
    setze(welt, vorgang, leistung="", status="done")
    assert gemeldet(2026, 11, 26, 9) == []


# -- what is set up ---------------------------------------------------------------------------------------------------


def test_a_certificate_is_reported_at_each_threshold(baue_welt: Bau, tmp_path: Path) -> None:
    welt = baue_welt(konsole={"zertifikat": "konsole.crt", "privatschluessel": "konsole.key"})
    jetzt = datetime.now(UTC)
    ca = neue_ca("Probe", jetzt - timedelta(days=900), jetzt + timedelta(days=900))

    def codes(tage: int) -> list[str]:
        ende = jetzt + timedelta(days=tage, hours=1)
        ausweis = neues_zertifikat("konsole", jetzt - timedelta(days=800), ende, ca=ca)
        (welt.betrieb.einstellungen.ordner / "konsole.crt").write_bytes(ausweis.zertifikat_pem)
        return [code for _, gegenstand, code in sieh(welt, alarm.ZERTIFIKAT) if gegenstand == "konsole"]

    assert codes(100) == []
    assert codes(90) == ["zertifikat_90_tage"]
    assert codes(31) == ["zertifikat_90_tage"]
    assert codes(30) == ["zertifikat_30_tage"]
    assert codes(0) == ["zertifikat_7_tage"]
    assert codes(-5) == ["zertifikat_abgelaufen"]
    assert codes(400) == []


def test_the_last_day_of_a_paused_route_is_reported_before_and_after(baue_welt: Bau) -> None:
    bis = datetime.now(UTC).date() + timedelta(days=5)
    route = {"leistung": "*", "ziel": "akte", "zustand": "pausiert", "grund": "Umzug", "bis": bis}
    welt = baue_welt(route=[route])
    ((_, gegenstand, code),) = sieh(welt, alarm.ROUTENFRIST)
    assert (gegenstand.startswith("route:"), code) == (True, "route_frist_nah")
    spaeter = alarmgruende.routenfrist(welt.betrieb, datetime.now(UTC) + timedelta(days=9))
    assert [fund.code for fund in spaeter] == ["route_frist"]


def test_the_heads_of_the_chains_leave_the_database_daily_or_it_is_an_alarm(baue_welt: Bau, tmp_path: Path) -> None:
    welt = baue_welt(audit={"ordner": str(tmp_path / "koepfe")})
    (tmp_path / "koepfe").write_text("no folder")
    assert sieh(welt, alarm.AUDIT) == [("audit", "audit", "audit_koepfe_nicht_geschrieben")]
    (tmp_path / "koepfe").unlink()
    assert sieh(welt, alarm.AUDIT) == []
    assert len(list((tmp_path / "koepfe").glob("koepfe-*.jsonl"))) == 1


def test_a_full_volume_is_an_alarm_of_this_machine(baue_welt: Bau, monkeypatch: pytest.MonkeyPatch) -> None:
    welt = baue_welt(fachwerk={"land": "mv", "knoten": "fw-1"}, sicherung={"spiegel": "spiegel"})
    monkeypatch.setattr(alarmumfeld, "frei_bytes", lambda pfad: 1 << 20 if pfad.name == "spiegel" else 1 << 40)
    assert sieh(welt, alarm.PLATZ) == [("platz", "rechner:fw-1:spiegel", "platz_knapp")]
    monkeypatch.setattr(alarmumfeld, "frei_bytes", lambda _pfad: None)
    assert sieh(welt, alarm.PLATZ) == []


def test_a_clock_that_differs_or_was_set_back_is_an_alarm(welt: Welt) -> None:
    def codes(jetzt: datetime) -> list[str]:
        return [fund.code for fund in alarmumfeld.uhr(welt.betrieb, jetzt, "fw-1")]

    welt.rufe_ab()
    jetzt = datetime.now(UTC)
    assert codes(jetzt) == []
    assert codes(jetzt + timedelta(minutes=2)) == ["uhr_abweichung"]
    setze(welt, kanal_lauf, beginn=jetzt + timedelta(hours=1))
    assert codes(datetime.now(UTC)) == ["uhr_zurueckgestellt"]


def test_each_mailbox_is_asked_once_a_day_what_time_it_is_and_hourly_while_it_differs(welt: Welt) -> None:
    falsch = Befund(code="p.uhr_abweichung", schwere=Schwere.WARNUNG, text="Die Uhr geht vor.")
    welt.postfach.pruefbefunde.append(falsch)
    uhr = [("uhr", "kanal:postfach", "p.uhr_abweichung")]
    assert sieh(welt, alarm.UHR) == uhr
    welt.postfach.pruefbefunde[:] = [Befund(code="p.konto", schwere=Schwere.SPERRE, text="Kein Zugang.")]
    welt.vergehe(hours=1)
    assert sieh(welt, alarm.UHR) == uhr, "nobody could look"
    welt.postfach.pruefbefunde.clear()
    welt.vergehe(minutes=30)
    assert sieh(welt, alarm.UHR) == uhr, "not yet"
    welt.vergehe(minutes=30)
    assert sieh(welt, alarm.UHR) == []


def test_what_a_machine_reported_ends_when_it_does_not_work_here_any_more(welt: Welt) -> None:
    jetzt = datetime.now(UTC)
    with welt.betrieb.store.transaktion("probe") as verbindung:
        for name in ("fw-alt", "fw-neu"):
            alarm.melde(verbindung, alarm.PLATZ, f"rechner:{name}:spiegel", "platz_knapp", "")
        platz = {"platz": "fw-neu-1", "prozess": "p", "gestartet": jetzt, "herzschlag": jetzt}
        verbindung.execute(knoten.insert().values(**platz))
    assert sieh(welt, alarm.PLATZ) == [("platz", "rechner:fw-neu:spiegel", "platz_knapp")]


def test_a_gap_of_the_balance_is_one_alarm_per_day(welt: Welt) -> None:
    with welt.betrieb.store.transaktion("probe") as verbindung:
        for fehlbetrag in (2, 1):
            alarmwache.melde_bilanz(verbindung, "2026-11-21", fehlbetrag)
    assert offen(welt) == [("bilanz", "bilanz:2026-11-21", "bilanz_luecke")]
    with welt.betrieb.store.transaktion("probe") as verbindung:
        alarmwache.melde_bilanz(verbindung, "2026-11-21", 0)
    assert offen(welt) == []


def test_check_counts_a_flood_of_one_cause_instead_of_listing_it(welt: Welt) -> None:
    with welt.betrieb.store.transaktion("probe") as verbindung:
        for nummer in range(11):
            alarm.melde(verbindung, alarm.GEHALTEN, f"vorgang:{nummer}", "gehalten", "")
        alarm.melde(verbindung, alarm.PLATZ, "rechner:fw-1:spiegel", "platz_knapp", "")
    meldungen = [(m.code, m.ort) for m in lage(welt.betrieb.store.datenbank)]
    assert meldungen == [("zu_lange_gehalten", "alarm"), ("platz", "rechner.fw-1:spiegel")]
