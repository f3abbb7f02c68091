"""The reconciliation of a day adds up when nothing is wrong, and names what is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from fachwerk import abgleich, alarm, pausen
from fachwerk.errors import RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.lage import ZEITZONE
from fachwerk.modell import Kanal
from fachwerk.store import Store
from fachwerk.tabellen import eingang, quittung, zustellung
from fachwerk.testkit.mitspieler import Postfach
from fachwerk.testkit.welt import Welt, antrag_xml


@dataclass(eq=False)
class PostfachMitListe(Postfach):
    """A mailbox that can say what lies in it."""

    name: str = "liste"
    gestoert: bool = False

    @hookimpl
    def list_waiting(self, kanal: Kanal, host: object) -> list[str]:
        if self.gestoert:
            raise RetryableError("weg", "Nicht erreichbar.")
        return list(self.inhalt.get(kanal.name, {}))


@pytest.fixture
def welt(baue_welt: Callable[..., Welt]) -> Welt:
    postfach = PostfachMitListe()
    welt = baue_welt(plugins={"liste": postfach}, kanal={"postfach": {"plugin": "liste"}}, ziel={"akte": "mit_abfrage"})
    welt.postfach = postfach
    return welt


def heute() -> date:
    return datetime.now(ZEITZONE).date()


def lege_ein(welt: Welt, von: int, bis: int) -> None:
    for nummer in range(von, bis):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))


def luecken(bilanz: abgleich.Tagesbilanz) -> list[str]:
    return sorted(luecke.code for luecke in bilanz.luecken)


def aendere(store: Store, anweisung: object) -> None:
    with store.transaktion("test") as verbindung:
        verbindung.execute(anweisung)  # type: ignore[call-overload]


def test_a_day_adds_up_and_says_where_everything_is(welt: Welt) -> None:
    lege_ein(welt, 0, 3)
    welt.durchlauf()
    lege_ein(welt, 3, 5)
    bilanz = abgleich.ziehe(welt.betrieb, heute(), frage_ziele=True)
    (kanal,) = bilanz.kanaele
    assert bilanz.geht_auf
    assert (kanal.empfangen, kanal.bestaetigt, kanal.verbleib, kanal.wartend) == (3, 3, {"done": 3}, 2)
    assert bilanz.gefragte_ziele == 3


def test_a_day_without_messages_adds_up_too(welt: Welt) -> None:
    bilanz = abgleich.ziehe(welt.betrieb, heute() - timedelta(days=400))
    assert (bilanz.geht_auf, bilanz.kanaele[0].empfangen) == (True, 0)


def test_a_doppelsendung_is_an_end_of_its_own(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="u"))
    welt.durchlauf()
    welt.lege_ein("n-2", antrag_xml(uuid="u"))
    welt.durchlauf()
    assert abgleich.ziehe(welt.betrieb, heute()).kanaele[0].verbleib == {"done": 1, "doppelsendung": 1}


def test_a_case_called_delivered_without_delivery_or_receipt_is_a_gap(welt: Welt) -> None:
    lege_ein(welt, 0, 2)
    welt.durchlauf()
    erster, zweiter = (zeile.id for zeile in welt.vorgaenge())
    aendere(welt.betrieb.store, quittung.delete().where(quittung.c.vorgang_id == erster))
    offen = zustellung.update().where(zustellung.c.vorgang_id == zweiter).values(status="offen")
    aendere(welt.betrieb.store, offen)
    bilanz = abgleich.ziehe(welt.betrieb, heute())
    assert [(luecke.code, luecke.vorgang_id) for luecke in bilanz.luecken] == [
        ("ohne_zustellung", zweiter),
        ("ohne_quittung", erster),
    ]
    assert not bilanz.geht_auf


def test_what_the_ziel_does_not_have_is_a_gap(welt: Welt) -> None:
    lege_ein(welt, 0, 1)
    welt.durchlauf()
    welt.mit_abfrage.wirkungen.clear()
    assert luecken(abgleich.ziehe(welt.betrieb, heute(), frage_ziele=True)) == ["nicht_im_ziel"]


def test_what_was_confirmed_but_still_lies_in_the_mailbox_is_a_gap(welt: Welt) -> None:
    lege_ein(welt, 0, 1)
    welt.durchlauf()
    lege_ein(welt, 0, 1)
    assert luecken(abgleich.ziehe(welt.betrieb, heute())) == []
    aendere(welt.betrieb.store, eingang.update().values(bestaetigt=datetime.now(UTC) - timedelta(hours=2)))
    assert luecken(abgleich.ziehe(welt.betrieb, heute())) == ["noch_im_postfach"]


def test_what_was_never_confirmed_is_a_gap_after_an_hour(welt: Welt) -> None:
    lege_ein(welt, 0, 1)
    welt.durchlauf()
    aendere(welt.betrieb.store, eingang.update().values(bestaetigt=None))
    tag = heute()
    assert luecken(abgleich.ziehe(welt.betrieb, tag)) == []
    welt.vergehe(hours=2)
    gestern = (datetime.now(ZEITZONE) - timedelta(hours=2)).date()
    assert luecken(abgleich.ziehe(welt.betrieb, gestern)) == ["nicht_bestaetigt"]


def test_a_mailbox_that_cannot_be_asked_says_why_and_is_no_gap(welt: Welt) -> None:
    assert isinstance(welt.postfach, PostfachMitListe)
    welt.postfach.gestoert = True
    assert abgleich.ziehe(welt.betrieb, heute()).kanaele[0].warum == "nicht erreicht [weg]"
    pausen.halte_an(welt.betrieb, "kanal:postfach", "lena", "Wartung")
    bilanz = abgleich.ziehe(welt.betrieb, heute())
    assert (bilanz.kanaele[0].warum, bilanz.geht_auf) == ("angehalten", True)


def test_the_alarm_of_a_day_opens_once_and_closes_when_it_adds_up(welt: Welt) -> None:
    lege_ein(welt, 0, 1)
    welt.durchlauf()
    aendere(welt.betrieb.store, zustellung.update().values(status="offen"))
    for _ in range(2):
        abgleich.melde(welt.betrieb, abgleich.ziehe(welt.betrieb, heute()))
    assert [zeile.anlass for zeile in alarm.offene(welt.betrieb.store)] == [alarm.BILANZ]
    aendere(welt.betrieb.store, zustellung.update().values(status="zugestellt"))
    abgleich.melde(welt.betrieb, abgleich.ziehe(welt.betrieb, heute()))
    assert alarm.offene(welt.betrieb.store) == []
