"""What cannot wait: from the Votum into the list, first among the unfinished, and an alarm where it is held."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from fachwerk import alarm, eingriff
from fachwerk.auskunft import vorgangsauskunft, vorgangsliste, vorgangstext
from fachwerk.errors import NeedsHumanError, PermanentError
from fachwerk.modell import Befund, Dringlichkeit, Empfehlung, Schwere, Votum
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.store import DRINGENDE, UNFERTIG, Store
from fachwerk.tabellen import ereignis, vorgang
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

ANFANG = datetime(2026, 11, 1, tzinfo=UTC)
SPERRE = Befund(code="minderjaehrig", schwere=Schwere.SPERRE, text="Antragsteller ist ein Kind.")
EILT = Votum(empfehlung=Empfehlung.VORLEGEN, dringlichkeit=Dringlichkeit.SOFORT, frist=date(2027, 1, 4))


def reiche_ein(welt: Welt, votum: Votum = EILT, nummer: int = 1) -> None:
    welt.regeln.votum = votum
    welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)))
    welt.durchlauf()


def lege_an(store: Store, kennung: str, status: str, dringlichkeit: str = "", frist: date | None = None) -> None:
    """A case as the line leaves it; the later it is made, the newer it is."""
    with store.transaktion("test") as verbindung:
        nummer = verbindung.execute(sa.select(sa.func.count()).select_from(vorgang)).scalar_one()
        zeit = ANFANG + timedelta(minutes=nummer)
        werte = {"status": status, "dringlichkeit": dringlichkeit, "frist": frist, "angelegt": zeit, "geaendert": zeit}
        verbindung.execute(vorgang.insert().values(id=kennung, kanal="k", **werte))


@pytest.fixture
def store(datenbank: sa.Engine) -> Store:
    """Cases of every kind, oldest first."""
    store = Store(datenbank, Schluesselbund(neuer_schluessel()))
    lege_an(store, "hoch-ohne", "held", "hoch")
    lege_an(store, "sofort-spaet", "held", "sofort", date(2026, 12, 24))
    lege_an(store, "sofort-frueh", "waiting", "sofort", date(2026, 12, 1))
    lege_an(store, "hoch-frueh", "running", "hoch", date(2026, 11, 2))
    lege_an(store, "fertig-sofort", "done", "sofort", date(2026, 11, 2))
    lege_an(store, "normal", "held", "normal", date(2026, 11, 2))
    lege_an(store, "unbeurteilt", "held")
    return store


def kennungen(zeilen: list[dict[str, object]]) -> list[object]:
    return [zeile["vorgang_id"] for zeile in zeilen]


VORN = ["sofort-frueh", "sofort-spaet", "hoch-frueh", "hoch-ohne"]


def test_urgent_unfinished_cases_come_first_by_urgency_and_deadline_and_then_the_newest(store: Store) -> None:
    assert kennungen(vorgangsliste(store)) == [*VORN, "unbeurteilt", "normal", "fertig-sofort"]


@pytest.mark.parametrize("grenze", range(1, 8))
def test_the_limit_cuts_the_same_order(store: Store, grenze: int) -> None:
    assert vorgangsliste(store, grenze=grenze) == vorgangsliste(store)[:grenze]


def test_only_the_urgent_ones_can_be_asked_for_the_finished_last(store: Store) -> None:
    assert kennungen(vorgangsliste(store, nur_dringende=True)) == [*VORN, "fertig-sofort"]
    assert kennungen(vorgangsliste(store, ["held"], nur_dringende=True)) == ["sofort-spaet", "hoch-ohne"]
    assert kennungen(vorgangsliste(store, ["done"], nur_dringende=True)) == ["fertig-sofort"]


def test_the_urgent_ones_are_found_by_their_index(datenbank: sa.Engine, store: Store) -> None:
    eilt = sa.select(vorgang.c.id).where(vorgang.c.dringlichkeit.in_(DRINGENDE), vorgang.c.status.in_(UNFERTIG))
    if datenbank.dialect.name == "postgresql":
        pytest.skip("PostgreSQL reads so small a table from end to end")
    text = str(eilt.compile(datenbank, compile_kwargs={"literal_binds": True}))
    with datenbank.connect() as verbindung:
        plan = verbindung.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    assert "ix_vorgang_dringlichkeit_status" in str(plan)


def test_list_and_case_tell_urgency_and_deadline(welt: Welt) -> None:
    reiche_ein(welt)
    (zeile,) = vorgangsliste(welt.betrieb.store)
    assert (zeile["dringlichkeit"], zeile["frist"], zeile["status"]) == ("sofort", "2027-01-04", "done")
    auskunft = vorgangsauskunft(welt.betrieb.store, zeile["vorgang_id"])
    assert (auskunft["dringlichkeit"], auskunft["frist"]) == ("sofort", "2027-01-04")
    assert "Dringlich    sofort bis 04.01.2027" in vorgangstext(json.loads(json.dumps(auskunft)))


def test_a_case_that_nobody_has_judged_has_no_urgency(welt: Welt) -> None:
    welt.lege_ein("n-1", b"<fremd/>")
    welt.durchlauf()
    (zeile,) = vorgangsliste(welt.betrieb.store)
    assert (zeile["dringlichkeit"], zeile["frist"]) == ("", None)
    assert "Dringlich" not in vorgangstext(vorgangsauskunft(welt.betrieb.store, zeile["vorgang_id"]))


def alarme(welt: Welt) -> list[tuple[str, str, str]]:
    return [(zeile.anlass, zeile.gegenstand, zeile.code) for zeile in alarm.offene(welt.betrieb.store)]


def test_what_is_held_before_its_delivery_and_cannot_wait_raises_an_alarm_at_once(welt: Welt) -> None:
    welt.regeln.befunde = [SPERRE]
    reiche_ein(welt)
    kennung = welt.der_vorgang().id
    assert alarme(welt) == [(alarm.DRINGEND, alarm.des_vorgangs(kennung), "befund_sperrt")]
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "geprüft")
    assert alarme(welt) == []


def test_what_is_held_at_its_delivery_and_cannot_wait_raises_an_alarm_at_once(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Bitte das Ziel prüfen.")))
    reiche_ein(welt)
    assert alarme(welt) == [(alarm.DRINGEND, alarm.des_vorgangs(welt.der_vorgang().id), "abgewiesen")]


@pytest.mark.parametrize("stufe", [Dringlichkeit.NORMAL, Dringlichkeit.HOCH])
def test_what_can_wait_raises_no_alarm_when_it_is_held(welt: Welt, stufe: Dringlichkeit) -> None:
    welt.regeln.befunde = [SPERRE]
    reiche_ein(welt, EILT.model_copy(update={"dringlichkeit": stufe}))
    assert welt.der_vorgang().status == "held"
    assert alarme(welt) == []


def test_a_later_run_that_does_not_get_so_far_leaves_the_urgency(welt: Welt) -> None:
    welt.regeln.befunde = [SPERRE]
    reiche_ein(welt)
    welt.format.fehler = NeedsHumanError("frage", "Was ist gemeint?")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    zeile = welt.der_vorgang()
    assert (zeile.grund, zeile.dringlichkeit, zeile.frist) == ("frage", "sofort", date(2027, 1, 4))
    assert [code for _, _, code in alarme(welt)] == ["frage"]


def test_the_deadline_stands_in_no_log_no_alarm_and_no_audit_line(welt: Welt) -> None:
    welt.regeln.befunde = [SPERRE]
    with capture_logs() as zeilen:
        reiche_ein(welt)
    with welt.betrieb.store.lesend() as verbindung:
        gesagt = [*map(str, verbindung.execute(sa.select(ereignis))), *map(str, alarm.offene(welt.betrieb.store))]
    assert gesagt
    assert zeilen
    assert not any("2027" in text for text in [*gesagt, *map(str, zeilen)])
