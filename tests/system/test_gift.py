"""A case that kills the process working on it is held after a few attempts; the innocent beside it are delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fachwerk.quarantaene import HOECHSTENS
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Standort

GIFT = '[ziel.akte]\nplugin = "testziel_gift"\ngleichzeitig = 4\n'


def test_a_case_that_kills_its_process_is_held_and_the_others_are_delivered(
    bank: Absturzbank, neuer_standort: Callable[..., Standort], datenbank_url: str
) -> None:
    standort = neuer_standort(datenbank_url, ziele=GIFT)
    standort.sende(8)
    abstuerze = 0
    while (ende := bank.laufe(standort.konfig)).code == 70:
        abstuerze += 1
        assert abstuerze <= HOECHSTENS + 1
    assert (ende.code, ende.endcode) == (0, 1), "one case is newly held"
    gift = (standort.ordner / "gift.txt").read_text().partition(":")[0]
    staende = {zeile[0]: zeile[1:] for zeile in standort.frage("SELECT id, status, grund, gehalten_fuer FROM vorgang")}
    assert staende.pop(gift) == ("held", "absturz_wiederholt", "technik")
    assert list(staende.values()) == [("done", "", "")] * 7
    zustellungen = Counter((standort.ordner / "zugestellt-akte.txt").read_text().split())
    assert zustellungen == {f"{vorgang}:akte:1": 1 for vorgang in staende}
