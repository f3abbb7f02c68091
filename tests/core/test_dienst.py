"""One round of ``fachwerk poll``: it ends when nothing is under way any more, whoever began it."""

from __future__ import annotations

from typing import Any

import pytest

from fachwerk.dienst import Dienst


class Auftragsbuch:
    """The job queue as a round sees it: ``verlauf`` is what is open each time it is asked, the last entry for ever."""

    def __init__(self, nimmt_an: bool, verlauf: list[set[str]]) -> None:
        self.nimmt_an, self.verlauf = nimmt_an, verlauf
        self.eingereiht: list[str] = []

    def reihe_einmal_ein(self, aufgabe: str, schlange: str, auftrag_id: str, einzig: str, *argumente: str) -> bool:
        if self.nimmt_an:
            self.eingereiht.append(auftrag_id)
        return self.nimmt_an

    def offene(self) -> set[str]:
        return self.verlauf.pop(0) if len(self.verlauf) > 1 else self.verlauf[0]


class Untaetig:
    """A store in which no case is due."""

    def faellig(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def ohne_warten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fachwerk.dienst.time.sleep", lambda sekunden: None)


def runde(buch: Auftragsbuch) -> None:
    dienst: Any = object.__new__(Dienst)
    dienst._betrieb = type("Betrieb", (), {"auftraege": buch})()
    dienst._store = Untaetig()
    dienst.fehler = {}
    dienst.eine_runde(["post"])


def test_a_poll_left_by_a_killed_process_is_waited_for() -> None:
    """Else the round ends while the resumed poll still stores messages, which nobody then works on."""
    buch = Auftragsbuch(False, [{"abruf:post:alt"}, {"abruf:post:alt"}, {"abruf:post:alt"}, set()])
    runde(buch)
    assert buch.verlauf == [set()]


def test_polls_of_other_channels_are_not_waited_for() -> None:
    buch = Auftragsbuch(False, [{"abruf:post-2:alt", "abruf:andere:alt", "linie:fall:1"}])
    runde(buch)


def test_a_poll_that_begins_later_is_not_waited_for() -> None:
    """A service beside this command polls again and again; the round ends all the same."""
    buch = Auftragsbuch(False, [{"abruf:post:1"}, {"abruf:post:2"}])
    runde(buch)
