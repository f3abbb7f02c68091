"""Quarantine: a job whose process died more than once runs alone from then on, and only so often.

Something in a message can end the process that works on it (a bug in a C library, memory). Everything that ran
beside it is interrupted too and must not be blamed. So every interrupted job is noted in the audit chain of its case,
each new start is committed before it happens, and a job that was started too often is not started again. Neither a
restart nor a take-over by another node resets that count.

To be interrupted once says nothing: such jobs go on beside each other, as fast as any. Who was begun anew and
interrupted again runs alone, so that the culprit is found; but nobody waits for him without end, or one Ziel that does
not answer would keep the cases of all others waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext

import sqlalchemy as sa

from fachwerk.store import Store
from fachwerk.tabellen import ereignis

HOECHSTENS = 5
"""So many starts after the first interruption."""

GEDULD_S = 3.0
"""So long a job that should run alone waits for another such; then it runs beside it, and is counted all the same."""

_FAELLE = ("linie:", "klaerung:", "zustellung:", "frage:")


class Quarantaene:
    """The quarantine of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._allein = threading.Lock()

    def melde(self, auftraege: Iterable[tuple[str, str]]) -> None:
        """These jobs (id, case) were running when their process died."""
        for kennung, vorgang_id in auftraege:
            if kennung.startswith(_FAELLE):
                self._vermerke(vorgang_id, "unterbrochen", kennung)

    def fuehre_aus(self, kennung: str, vorgang_id: str, aufgabe: Callable[[], None]) -> bool:
        """Do ``aufgabe`` as job ``kennung``; False, and nothing done, if it has ended its process too often."""
        if not self._store.ist_vermerkt(vorgang_id, "unterbrochen", kennung):
            aufgabe()
            return True
        anlaeufe = self._anlaeufe(vorgang_id, kennung)
        if anlaeufe >= HOECHSTENS:
            return False
        with self._moeglichst_allein() if anlaeufe else nullcontext():
            self._vermerke(vorgang_id, "wiederanlauf", kennung)
            aufgabe()
        return True

    @contextmanager
    def _moeglichst_allein(self) -> Iterator[None]:
        allein = self._allein.acquire(timeout=GEDULD_S)
        try:
            yield
        finally:
            if allein:
                self._allein.release()

    def _vermerke(self, vorgang_id: str, was: str, kennung: str) -> None:
        with self._store.transaktion(was) as verbindung:
            self._store.sperre(verbindung, vorgang_id)
            self._store.vermerke(verbindung, vorgang_id, "fachwerk", was, kennung)

    def _anlaeufe(self, vorgang_id: str, kennung: str) -> int:
        frage = sa.select(sa.func.count()).where(
            ereignis.c.kette == vorgang_id, ereignis.c.was == "wiederanlauf", ereignis.c.code == kennung
        )
        with self._store.lesend() as verbindung:
            return int(verbindung.execute(frage).scalar_one())
