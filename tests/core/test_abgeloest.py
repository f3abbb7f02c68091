"""A node that froze in a delivery wakes up after another one has taken it over: nothing goes out twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fachwerk.errors import NeedsHumanError
from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import GehaltenFuer, Idempotenz, Quittung, Sendung, Ziel
from fachwerk.tabellen import notiz
from fachwerk.testkit.mitspieler import Zielsystem
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH
from fachwerk.zustellung import stelle_zu


@dataclass(eq=False)
class MitVermerk(Zielsystem):
    """A target that cannot be asked; before something leaves it is noted, and what was not noted did not leave.

    ``davor`` and ``danach`` are called before the note and after it, for the first attempt only.
    """

    davor: Callable[[], None] | None = None
    danach: Callable[[], None] | None = None

    @hookimpl
    def deliver(self, sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
        """Note it, take it."""
        davor, danach, self.davor, self.danach = self.davor, self.danach, None, None
        if davor:
            davor()
        host.notiere(schluessel, "gesendet", "ja")
        if danach:
            danach()
        angenommen: Quittung = super().deliver(sendung, ziel, schluessel, host)
        return angenommen

    @hookimpl
    def find_delivered(self, ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
        """None only if nothing was noted."""
        if host.notiz(schluessel, "gesendet"):
            raise NeedsHumanError("ausgang_unbekannt", "Bitte nachsehen.", fuer=GehaltenFuer.BETRIEB)
        return None


@dataclass
class Zwei:
    """A case at the first of two nodes; :meth:`uebernimm` is what the second does when it takes the first for dead."""

    welt: Welt
    nachbar: Welt
    ziel: MitVermerk

    def stelle_zu(self, wer: Welt) -> None:
        stelle_zu(wer.betrieb, self.welt.der_vorgang().id, "akte", "1", "1")

    def uebernimm(self) -> None:
        self.welt.vergehe(seconds=KNOTEN_TOT_NACH.total_seconds() + 1)
        self.nachbar.lebe()
        self.stelle_zu(self.nachbar)


@pytest.fixture
def zwei(baue_welt: Callable[..., Welt]) -> Any:
    ziel = MitVermerk("mit_vermerk", Idempotenz.KEINE)
    welt = baue_welt(plugins={"mit_vermerk": ziel}, ziel={"akte": "mit_vermerk"})
    nachbar = welt.nachbar()
    welt.lebe()
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.rufe_ab()
    (auftrag,) = [welt.auftraege.naechster()]
    welt.auftraege.erledige(auftrag.nr)
    welt._aufgaben()[auftrag.aufgabe](welt.betrieb, *auftrag.argumente.split("\n"))
    yield Zwei(welt, nachbar, ziel)
    nachbar.schliesse()


def test_who_wakes_up_before_his_note_learns_that_it_is_not_his_any_more(zwei: Zwei) -> None:
    zwei.ziel.davor = zwei.uebernimm
    zwei.stelle_zu(zwei.welt)
    assert len(zwei.ziel.wirkungen) == 1, "the second node sent it, the first did not"
    assert zwei.welt.der_vorgang().status == "done"
    assert [code for schritt, code in zwei.welt.journal() if schritt == "deliver"] == [""]


def test_who_wakes_up_after_his_note_sends_and_the_other_has_asked_a_person(zwei: Zwei) -> None:
    zwei.ziel.danach = zwei.uebernimm
    zwei.stelle_zu(zwei.welt)
    assert len(zwei.ziel.wirkungen) == 1, "the second node saw the note and sent nothing"
    assert (zwei.welt.der_vorgang().status, zwei.welt.der_vorgang().grund) == ("held", "ausgang_unbekannt")


def test_who_is_alone_keeps_his_notes(zwei: Zwei) -> None:
    zwei.stelle_zu(zwei.welt)
    assert [zeile.wert for zeile in zwei.welt.zeilen(notiz)] == ["ja"]
    assert zwei.welt.der_vorgang().status == "done"
