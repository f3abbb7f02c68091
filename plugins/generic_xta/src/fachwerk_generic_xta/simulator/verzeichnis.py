"""Who waits in which mailbox, in order: a page costs what is on it, however many wait."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection
from datetime import date, datetime

from fachwerk_generic_xta.simulator.nachricht import Nachricht, Platz

_ENDE = "\uffff"


class Verzeichnis:
    """The order of the mailboxes, by reader; not thread-safe by itself."""

    def __init__(self) -> None:
        self._folgen: dict[str, list[Platz]] = {}
        self._verfall: list[tuple[date, str]] = []

    def nimm_auf(self, nachricht: Nachricht) -> None:
        """Put a message into the mailbox of its reader."""
        insort(self._folgen.setdefault(nachricht.leser, []), nachricht.platz)
        if nachricht.verfaellt is not None:
            heapq.heappush(self._verfall, (nachricht.verfaellt, nachricht.schluessel))

    def streiche(self, nachricht: Nachricht) -> None:
        """Take a message out."""
        folge = self._folgen[nachricht.leser]
        del folge[bisect_left(folge, nachricht.platz)]

    def seite(
        self, leser: Collection[str], bis: datetime, nach: Platz | None, hoechstens: int | None
    ) -> tuple[list[str], int]:
        """Keys of the first messages of ``leser`` behind ``nach`` that may be seen at ``bis``, and how many follow."""
        gefunden: list[Platz] = []
        gesamt = 0
        for eines in frozenset(leser):
            folge = self._folgen.get(eines, [])
            anfang = 0 if nach is None else bisect_right(folge, nach)
            ende = max(anfang, bisect_right(folge, (bis, _ENDE)))
            gesamt += ende - anfang
            gefunden += folge[anfang : ende if hoechstens is None else min(ende, anfang + hoechstens)]
        seite = sorted(gefunden)[:hoechstens]
        return [schluessel for _, schluessel in seite], gesamt - len(seite)

    def verfallene(self, heute: date) -> list[str]:
        """Keys of messages whose last day has passed; each is named once, whatever became of it."""
        faellig = []
        while self._verfall and self._verfall[0][0] < heute:
            faellig.append(heapq.heappop(self._verfall)[1])
        return faellig
