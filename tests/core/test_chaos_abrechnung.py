"""How a rehearsal judges two messages with the same content: what lies in a Ziel belongs to one of them."""

from __future__ import annotations

import pytest

from fachwerk.chaos import plan as p
from fachwerk.chaos.abrechnung import KEINE_ANTWORT, VERBUNDEN, Post, urteile
from fachwerk.chaos.plan import Fall, Plan, Stoerung, Umfang

STOERUNG = Stoerung(1, "netz_viren", "gesendet", 1, anzahl=1)
ZUGESTELLT, GEHALTEN = {"status": "done"}, {"status": "held", "grund": KEINE_ANTWORT}
VERWEIST = {"status": "done", "grund": VERBUNDEN}


def funde(original: dict[str, str], zwilling: dict[str, str], ankuenfte: int) -> list[str]:
    """What is found in two messages with the same content, of which the Ziele hold so many."""
    faelle = (
        Fall(1, "neumusterstadt", "wbs", p.GUT),
        Fall(2, "neumusterstadt", "wbs", p.DOPPELT, zwilling=1),
    )
    plan = Plan(0, Umfang(2, 1, 1, ("netz_viren",)), faelle, (STOERUNG,))
    post = [
        Post(fall, f"n-{fall.nummer}", ["a"], zeile, f"v-{fall.nummer}", ankuenfte)
        for fall, zeile in zip(faelle, (original, zwilling), strict=True)
    ]
    return [mangel.zeile() for mangel in urteile(plan, post, 1)]


@pytest.mark.parametrize(
    ("original", "zwilling"),
    [(ZUGESTELLT, VERWEIST), (VERWEIST, ZUGESTELLT), (ZUGESTELLT, GEHALTEN), (GEHALTEN, ZUGESTELLT)],
)
def test_what_arrived_once_may_belong_to_either_while_the_other_is_held_or_linked(
    original: dict[str, str], zwilling: dict[str, str]
) -> None:
    assert funde(original, zwilling, 1) == []
    assert all("liegt 2 Mal in den Zielen" in fund for fund in funde(original, zwilling, 2))
    assert any("liegt in keinem Ziel" in fund for fund in funde(original, zwilling, 0))


@pytest.mark.parametrize(("original", "zwilling"), [(GEHALTEN, VERWEIST), (VERWEIST, GEHALTEN), (GEHALTEN, GEHALTEN)])
def test_what_arrived_although_neither_was_delivered_is_a_fault(
    original: dict[str, str], zwilling: dict[str, str]
) -> None:
    assert any("liegt im Ziel, gilt aber als gehalten" in fund for fund in funde(original, zwilling, 1))
    assert not any("liegt im Ziel" in fund for fund in funde(original, zwilling, 0))


def test_two_that_are_the_same_are_not_both_delivered_even_if_only_one_can_be_seen() -> None:
    assert any("und beide sind zugestellt" in fund for fund in funde(ZUGESTELLT, ZUGESTELLT, 1))
