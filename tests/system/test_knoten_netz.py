"""A node loses the database while it works, and comes back: its work was done once by the others, its word is late."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from netz_standort import OHNE_SCHLUESSEL, TOR, Knotenpaar

from fachwerk.testkit.standort import Standort

pytestmark = pytest.mark.postgresql

STUECKE = "SELECT count(*) FROM inhalt"
NeuesPaar = Callable[[str], Knotenpaar]


@pytest.fixture
def paar(neuer_standort: Callable[..., Standort], postgres_url: str) -> Iterator[NeuesPaar]:
    """Makes a site of two nodes with this target, both gates open."""
    with ExitStack() as kulisse:
        yield lambda ziele: Knotenpaar(
            neuer_standort(postgres_url, ziele=ziele, arbeiter=1, takt="2s"), ("eins", "zwei"), kulisse
        )


def _mit(gleichzeitig: int, ziel: str) -> str:
    """Room for so many: a case that comes into the place of a dead node waits at the closed gate, too."""
    return ziel.replace("gleichzeitig = 2", f"gleichzeitig = {gleichzeitig}")


def uebernommen(paar: Knotenpaar, name: str) -> bool:
    return "arbeit_uebernommen" in paar.protokoll(name)


def test_a_node_cut_off_behind_its_hand_over_is_asked_about_and_not_believed_when_it_returns(paar: NeuesPaar) -> None:
    """The cases are at the target, nobody could write that down: the other node asks the target, and sends nothing."""
    beide = paar(_mit(3, TOR))
    beide.schliesse("tor-danach-zu")
    beide.standort.sende(3)
    opfer, anderer = beide.opfer(3)
    beide.warte(lambda: len(beide.akten()) == 3, "drei Akten")
    seine = beide.unterwegs().count(opfer)
    beide.leitung[opfer].stoere("schnitt")
    beide.warte(lambda: uebernommen(beide, anderer), "die Übernahme")
    beide.warte(lambda: beide.fertige() >= seine, "der andere fragt nach")
    beide.oeffne("tor-danach-zu")
    beide.warte_auf_alle()
    beide.leitung[opfer].heile()
    beide.warte(lambda: "datenbank_wieder_da" in beide.protokoll(opfer), "die Rückkehr")
    beide.standort.sende(2)
    beide.warte_auf_alle()
    assert beide.standort.maengel() == []
    assert beide.zahl("SELECT count(*) FROM schritt WHERE name = 'deliver' AND code = ''") == 5
    assert "Traceback" not in beide.protokoll(opfer)
    takte, abrufe = beide.stille_takte(3)
    assert abrufe == len(takte) == len(set(takte)), "each tick asks the mailbox once"
    assert beide.beende() == [0, 0]
    assert beide.plaetze() == set()


@pytest.mark.lang
def test_a_node_whose_line_stands_still_before_its_hand_over_hands_over_the_same_once_more(paar: NeuesPaar) -> None:
    """Both hand over at the same moment, with one key; what the late one had still to say comes after everything."""
    beide = paar(TOR)
    beide.schliesse("tor-zu")
    beide.standort.sende(4)
    opfer, anderer = beide.opfer()
    beide.leitung[opfer].stoere("halt")
    beide.warte(lambda: uebernommen(beide, anderer), "die Übernahme")
    beide.warte(lambda: anderer in beide.unterwegs(), "der andere übergibt")
    beide.oeffne("tor-zu")
    beide.warte_auf_alle()
    beide.leitung[opfer].heile()
    beide.standort.sende(3)
    beide.warte_auf_alle()
    assert beide.standort.maengel() == []
    assert beide.zahl("SELECT count(*) FROM schritt WHERE name = 'deliver' AND code = ''") == 7
    assert beide.beende() == [0, 0]
    assert beide.standort.maengel() == []


@pytest.mark.lang
@pytest.mark.parametrize("art", ["schnitt", "halt"])
def test_without_a_key_the_work_of_a_node_cut_off_is_held_and_its_late_word_sends_nothing(
    paar: NeuesPaar, art: str
) -> None:
    beide = paar(_mit(3, OHNE_SCHLUESSEL))
    beide.schliesse("tor-danach-zu")
    beide.standort.sende(3)
    opfer, _ = beide.opfer(3)
    beide.warte(lambda: len(beide.zugestellt()) == 3, "drei Einträge")
    seine = beide.unterwegs().count(opfer)
    beide.leitung[opfer].stoere(art)
    gehalten = "SELECT count(*) FROM vorgang WHERE status = 'held' AND grund = 'ausgang_unbekannt'"
    beide.warte(lambda: beide.zahl(gehalten) == seine, "gehaltene Vorgänge")
    beide.oeffne("tor-danach-zu")
    beide.warte(lambda: beide.fertige() == 3 - seine, "der Rest")
    beide.leitung[opfer].heile()
    beide.standort.sende(2)
    beide.warte(lambda: beide.fertige() == 5 - seine, "alles Neue")
    assert beide.zahl(gehalten) == seine, "late as it is, the word of the node changes nothing: a person decides"
    assert len(beide.zugestellt()) == len(set(beide.zugestellt())) == 5
    assert beide.beende() == [0, 0]


@pytest.mark.lang
def test_a_node_told_to_stop_leaves_what_waits_at_once_and_what_it_cannot_end_after_its_time(paar: NeuesPaar) -> None:
    """What hangs in the target keeps the slot, so that nobody delivers beside it, and ends with the process."""
    beide = paar(TOR)
    beide.schliesse("tor-zu")
    beide.standort.sende(6)
    opfer, anderer = beide.opfer()
    beide.prozess[opfer].send_signal(signal.SIGTERM)
    assert beide.prozess[opfer].wait(120) == 0, "no target keeps a service from its end"
    assert "dienst_abgebrochen" in beide.protokoll(opfer)
    beide.warte(lambda: uebernommen(beide, anderer), "die Übernahme")
    beide.oeffne("tor-zu")
    beide.warte_auf_alle()
    assert beide.standort.maengel() == []
    assert beide.zahl("SELECT count(*) FROM schritt WHERE name = 'deliver' AND code = ''") == 6


@pytest.mark.lang
def test_three_nodes_ask_the_mailbox_once_a_tick_also_when_one_dies_in_the_middle_of_its_poll(
    neuer_standort: Callable[..., Standort], postgres_url: str
) -> None:
    with ExitStack() as kulisse:
        drei = Knotenpaar(neuer_standort(postgres_url, takt="5s"), ("eins", "zwei", "drei"), kulisse)
        takte, abrufe = drei.stille_takte(6)
        assert takte == list(range(takte[0], takte[0] + len(takte))), "no tick is left out"
        assert abrufe == len(takte), "no tick asks twice"
        drei.standort.sende(4, anhang=24_000_000)
        laeuft = "SELECT executor_id FROM dbos.workflow_status WHERE name = 'rufe_ab' AND status = 'PENDING'"
        drei.warte(lambda: bool(drei.standort.frage(laeuft)) and drei.zahl(STUECKE) > 5, "ein Abruf mit Inhalt")
        opfer = drei.standort.frage(laeuft)[0][0].removesuffix("-1")
        drei.prozess[opfer].kill()
        drei.prozess.pop(opfer).wait()
        drei.warte_auf_alle()
        assert drei.standort.maengel() == []
        takte, abrufe = drei.stille_takte(4)
        assert takte == list(range(takte[0], takte[0] + len(takte)))
        assert abrufe == len(takte)
        assert drei.zahl("SELECT count(*) FROM dbos.workflow_status WHERE name = 'rufe_ab' AND status = 'ERROR'") == 0
        assert drei.beende() == [0, 0]
