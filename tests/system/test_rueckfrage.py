"""Receipts with the real engine: a round asks what is due and waits for nothing later, and a kill loses no question."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from fachwerk.modell import Stufe
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Standort

NeuerStandort = Callable[..., Standort]

ZIEL = '[ziel.akte]\nplugin = "testziel_stufen"\n'
RUNDEN = 30
"""So many rounds, each a fresh process, are more than enough for a question due after a second."""

FRAGE = ["vor find_delivered 1", "nach find_delivered 1", "vor quittung 1", "nach quittung 1"]
SPAETER = ["vor rueckfrage 1", "nach rueckfrage 1"]


@pytest.fixture
def standort(neuer_standort: NeuerStandort, datenbank_url: str) -> Standort:
    """A site that has handed over one application."""
    neuer = neuer_standort(datenbank_url, ziele=ZIEL)
    stelle(neuer, Stufe.UEBERGEBEN)
    neuer.sende()
    return neuer


def stelle(standort: Standort, stufe: Stufe) -> None:
    (standort.ordner / "stufe-akte.txt").write_text(stufe.value, encoding="utf-8")


def stufen(standort: Standort) -> list[str]:
    return sorted(zeile[0] for zeile in standort.frage("SELECT stufe FROM quittung"))


def runden_bis(standort: Standort, bank: Absturzbank, erreicht: Callable[[], bool]) -> None:
    for _ in range(RUNDEN):
        if erreicht():
            return
        assert bank.laufe(standort.konfig).code == 0
    raise AssertionError(f"not reached in {RUNDEN} rounds: {stufen(standort)}")


def uebergib(standort: Standort, bank: Absturzbank) -> None:
    assert bank.laufe(standort.konfig).code == 0
    assert standort.frage("SELECT status FROM vorgang") == [("done",)]
    assert stufen(standort) == ["uebergeben"]


def toete(standort: Standort, bank: Absturzbank, punkt: str) -> None:
    """Kill the first round that comes to ``punkt``: before that one, none had a question that was due."""
    for _ in range(RUNDEN):
        if bank.laufe(standort.konfig, toete=punkt).code == -signal.SIGKILL:
            return
    raise AssertionError(f"nobody came to {punkt}")


def pruefe(standort: Standort) -> None:
    """Every stage once, the hand-over once, and the id that was noted in every receipt."""
    assert stufen(standort) == ["technisch_bestaetigt", "uebergeben", "uebernommen"]
    assert standort.frage("SELECT count(*) FROM schritt WHERE name = 'quittung'") == [(2,)]
    assert len((standort.ordner / "zugestellt-akte.txt").read_text().split()) == 1
    assert standort.frage("SELECT DISTINCT kennung FROM quittung") == standort.frage("SELECT wert FROM notiz")
    assert standort.frage("SELECT count(*) FROM zustellung WHERE frage_faellig IS NOT NULL") == [(0,)]
    assert standort.frage("SELECT status FROM vorgang") == [("done",)]
    assert standort.frage("SELECT count(*) FROM alarm") == [(0,)]


def test_rounds_follow_the_receipts_to_the_end_and_none_waits_for_a_later_question(
    standort: Standort, bank: Absturzbank
) -> None:
    uebergib(standort, bank)
    assert standort.frage("SELECT count(*) FROM zustellung WHERE frage_faellig IS NOT NULL") == [(1,)]
    for stufe in (Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN):
        stelle(standort, stufe)
        runden_bis(standort, bank, lambda stufe=stufe: stufe.value in stufen(standort))  # type: ignore[misc]
    pruefe(standort)


def test_an_id_noted_before_a_kill_is_the_one_that_is_used_after_it(standort: Standort, bank: Absturzbank) -> None:
    toete(standort, bank, "vor notiz 1")
    assert standort.frage("SELECT count(*) FROM notiz") == [(0,)]
    toete(standort, bank, "nach notiz 1")
    notiz = standort.frage("SELECT wert FROM notiz")
    toete(standort, bank, "nach deliver 1")
    uebergib(standort, bank)
    assert standort.frage("SELECT wert FROM notiz") == notiz == standort.frage("SELECT kennung FROM quittung")
    assert len((standort.ordner / "zugestellt-akte.txt").read_text().split()) == 1


def test_a_kill_at_any_point_of_a_question_loses_no_receipt_and_writes_none_twice(
    standort: Standort, bank: Absturzbank
) -> None:
    uebergib(standort, bank)
    toete(standort, bank, SPAETER[0])
    toete(standort, bank, SPAETER[1])
    for stufe, punkte in ((Stufe.TECHNISCH_BESTAETIGT, FRAGE[:3]), (Stufe.UEBERNOMMEN, FRAGE[3:])):
        stelle(standort, stufe)
        for punkt in punkte:
            toete(standort, bank, punkt)
        runden_bis(standort, bank, lambda stufe=stufe: stufe.value in stufen(standort))  # type: ignore[misc]
    pruefe(standort)
