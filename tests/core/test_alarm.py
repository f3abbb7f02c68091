"""One open alarm per cause and subject: opened once, counted, closed, kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import structlog.testing

from fachwerk import alarm
from fachwerk.tabellen import alarm as alarme
from fachwerk.testkit.welt import Welt


@pytest.fixture
def verbindung(welt: Welt) -> Iterator[sa.Connection]:
    with welt.betrieb.store.transaktion("probe") as offene:
        yield offene


def test_a_repeat_counts_and_the_newest_words_hold(verbindung: sa.Connection) -> None:
    with structlog.testing.capture_logs() as log:
        alarm.melde(verbindung, "kreis_offen", "ziel:amt", "weg", "Nicht erreichbar.")
        alarm.melde(verbindung, "kreis_offen", "ziel:amt", "konto", "Gesperrt.")
    (zeile,) = verbindung.execute(sa.select(alarme)).all()
    assert (zeile.code, zeile.hinweis, zeile.anzahl, zeile.behoben) == ("konto", "Gesperrt.", 2, None)
    assert zeile.seit <= zeile.zuletzt
    assert [(eintrag["event"], eintrag["code"]) for eintrag in log] == [("alarm", "weg")]


def test_causes_and_subjects_have_alarms_of_their_own(verbindung: sa.Connection) -> None:
    for anlass, gegenstand in (("a", "ziel:x"), ("b", "ziel:x"), ("a", "ziel:y")):
        alarm.melde(verbindung, anlass, gegenstand, "c", "")
    alarm.behebe(verbindung, "ziel:x", ("a",))
    offen = {(z.anlass, z.gegenstand) for z in verbindung.execute(sa.select(alarme)) if z.behoben is None}
    assert offen == {("b", "ziel:x"), ("a", "ziel:y")}
    assert not alarm.ist_offen(verbindung, "a", "ziel:x")
    assert alarm.ist_offen(verbindung, "b", "ziel:x")


def test_without_a_cause_everything_about_the_subject_is_closed(verbindung: sa.Connection) -> None:
    for anlass in ("a", "b"):
        alarm.melde(verbindung, anlass, "vorgang:1", "c", "")
    alarm.melde(verbindung, "a", "vorgang:2", "c", "")
    alarm.behebe(verbindung, "vorgang:1")
    assert [z.gegenstand for z in verbindung.execute(sa.select(alarme)) if z.behoben is None] == ["vorgang:2"]


def test_what_comes_back_after_the_all_clear_is_a_new_alarm_and_the_old_one_stays(verbindung: sa.Connection) -> None:
    for _ in range(2):
        alarm.melde(verbindung, "a", "ziel:x", "c", "")
        alarm.behebe(verbindung, "ziel:x")
        alarm.behebe(verbindung, "ziel:x")
    alarm.melde(verbindung, "a", "ziel:x", "c", "")
    assert [(z.anzahl, z.behoben is None) for z in verbindung.execute(sa.select(alarme).order_by(alarme.c.id))] == [
        (1, False),
        (1, False),
        (1, True),
    ]


def test_an_all_clear_without_an_alarm_says_nothing(verbindung: sa.Connection) -> None:
    with structlog.testing.capture_logs() as log:
        alarm.behebe(verbindung, "ziel:x")
    assert log == []


def test_an_alarm_of_a_transaction_that_failed_does_not_exist(welt: Welt) -> None:
    def melde_und_scheitere() -> None:
        with welt.betrieb.store.transaktion("probe") as verbindung:
            alarm.melde(verbindung, "a", "ziel:x", "c", "")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        melde_und_scheitere()
    assert alarm.offene(welt.betrieb.store) == []


def test_what_is_not_configured_any_more_alarms_nobody(welt: Welt) -> None:
    with welt.betrieb.store.transaktion("probe") as verbindung:
        for gegenstand in ("kanal:postfach", "kanal:weg", "ziel:akte", "ziel:weg", "vorgang:1"):
            alarm.melde(verbindung, "a", gegenstand, "c", "")
    alarm.behebe_verschwundene(welt.betrieb)
    assert [z.gegenstand for z in alarm.offene(welt.betrieb.store)] == ["kanal:postfach", "ziel:akte", "vorgang:1"]
