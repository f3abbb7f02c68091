"""A mailbox full to the brim: drained in one poll with the memory of a small one, while new messages come in.

The waiting messages are put into the mailbox by the simulator's own control; those that arrive meanwhile are sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fachwerk.demo import prozesse
from fachwerk.testkit.messung import Messung, messe
from fachwerk.testkit.standort import Standort
from fachwerk_generic_xta.simulator.steuerung import steuere

NeuerStandort = Callable[..., Standort]

ZIEL = '[ziel.akte]\nplugin = "testziel_abfrage"\n'
WENIGE = 60
"""Messages of the poll against which memory is compared: more than a page, so that all is warm."""

MEHR_MIB = 40
"""So much more memory the full mailbox may take at its peak, as for a part of any size."""

NEUE = 5


@dataclass
class Leerung:
    """One poll of a mailbox that holds ``anzahl`` messages; ``neue`` are those sent while it went on."""

    messung: Messung
    anzahl: int
    neue: list[str]
    dauer_s: float

    @property
    def je_sekunde(self) -> float:
        return self.anzahl / self.dauer_s


def fuelle(standort: Standort, anzahl: int) -> None:
    auftrag = {"fuellen": {"leser": standort.leser, "anzahl": anzahl}}
    assert steuere(standort.postamt.ordner, auftrag)["gefuellt"] == anzahl


def leere(standort: Standort, anzahl: int, frist_s: float, neue: int) -> Leerung:
    """Fill the mailbox, poll it once, and send ``neue`` more when a quarter is in the store.

    They have to come before the last page is asked for: a mailbox of two pages is too short for that.
    """
    vorher = zahl(standort)
    fuelle(standort, anzahl)
    messungen: list[Messung] = []
    befehl = ("fachwerk", "--konfig", str(standort.konfig), "poll", "--json")
    poll = threading.Thread(
        target=lambda: messungen.append(messe(befehl, prozesse.umgebung(), frist_s=frist_s)), name="poll"
    )
    beginn = time.monotonic()
    poll.start()
    prozesse.warte(lambda: zahl(standort) >= vorher + anzahl // 4, "ein Viertel im Speicher", geduld_s=frist_s)
    gekommen = standort.sende(neue)
    poll.join()
    return Leerung(messungen[0], anzahl + neue, gekommen, time.monotonic() - beginn)


def zahl(standort: Standort) -> int:
    return int(standort.frage("SELECT count(*) FROM eingang")[0][0])


def leere_volles_postfach(standort: Standort, anzahl: int, frist_s: float = 300) -> None:
    assert standort.poll() == 0
    wenige = leere(standort, WENIGE, frist_s, neue=0)
    viele = leere(standort, anzahl, frist_s, NEUE)
    mehr = viele.messung.mib - wenige.messung.mib
    print(  # noqa: T201  the figures, with -s
        f"{viele.anzahl} Nachrichten in {viele.dauer_s:.0f} s, {viele.je_sekunde:.1f} je Sekunde; "
        f"{viele.messung.mib:.0f} MiB, {mehr:+.1f} MiB gegenüber {wenige.anzahl} Nachrichten"
    )
    for leerung in (wenige, viele):
        assert leerung.messung.code == 1, leerung.messung.fehler[-2000:]  # held: nobody knows their format
        assert leerung.messung.json["neu"] == leerung.anzahl
        assert leerung.messung.json["fehler"] == {}
    alle = wenige.anzahl + viele.anzahl
    assert standort.frage("SELECT count(*), count(DISTINCT nachricht_id), count(bestaetigt) FROM eingang") == [
        (alle, alle, alle)
    ]
    zustand = steuere(standort.postamt.ordner, {"zeige": True})
    assert zustand["konten"][f"amt-{standort.konto}"]["wartend"] == 0
    assert standort.frage("SELECT count(*) FROM vorgang WHERE status = 'done'") == [(NEUE,)]
    assert mehr < MEHR_MIB


def test_a_full_mailbox_is_drained_in_one_poll_and_newcomers_are_not_forgotten(
    neuer_standort: NeuerStandort, sqlite_url: str
) -> None:
    leere_volles_postfach(neuer_standort(sqlite_url, ziele=ZIEL), 240)


@pytest.mark.lang
def test_ten_thousand_messages_are_drained_in_one_poll_and_newcomers_are_not_forgotten(
    neuer_standort: NeuerStandort, datenbank_url: str
) -> None:
    leere_volles_postfach(neuer_standort(datenbank_url, ziele=ZIEL), 10_000, frist_s=7200)
