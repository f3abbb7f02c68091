"""The sender: all messages of the plan in their order, over a line nobody disturbs, and a book of what was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any

from fachwerk.chaos.nachrichten import beispiele
from fachwerk.demo.gegenstellen import com_vibilia
from fachwerk.demo.versand import lege_ab, plattform, sende, zeile

if TYPE_CHECKING:
    from fachwerk.chaos.szene import Szene
    from fachwerk.demo.beispiele import Beispiel
    from fachwerk.demo.versand import Gesendet

FENSTER = 800
"""So many messages may be sent and not finished; a platform that sends on regardless would only fill the mailbox.

Enough for the others to go on while one Ziel rests for five minutes because its circuit is open.
"""


class Versand(threading.Thread):
    """Sends beside all else; ``zeilen`` is the book, in the order of the plan."""

    def __init__(self, szene: Szene, heute: date, fertige: Callable[[], int]) -> None:
        super().__init__(name="versand", daemon=True)
        self._szene, self._heute, self._fertige = szene, heute, fertige
        self._schloss = threading.Lock()
        self._weiter = threading.Event()
        self._schluss = False
        self._verbindung = ExitStack()
        self._client: Any = None
        self.zeilen: list[dict[str, Any]] = []
        self.fehler: BaseException | None = None

    def run(self) -> None:
        """Send them all; what fails is kept for whoever waits."""
        try:
            osci = com_vibilia(self._szene.ordner)
            for nummer, beispiel in enumerate(beispiele(self._szene.plan, self._heute), 1):
                self._warte(nummer)
                with self._schloss:
                    if self._schluss:
                        return
                    self.zeilen.append(zeile(self._sende(osci, beispiel, nummer)))
        except BaseException as fehler:
            self.fehler = fehler
        finally:
            self._verbindung.close()

    def pausiere(self) -> None:
        """Returns when no message is under way, and none goes out before :meth:`fahre_fort`."""
        self._schloss.acquire()
        self._verbindung.close()
        self._client = None

    def fahre_fort(self) -> None:
        """Go on over a new connection."""
        self._schloss.release()

    def geht_weiter(self) -> None:
        """Something was finished: perhaps there is room for more."""
        self._weiter.set()

    def brich_ab(self) -> None:
        """Send nothing more."""
        self._schluss = True
        self._weiter.set()

    def _warte(self, nummer: int) -> None:
        while nummer - self._fertige() > FENSTER and not self._schluss:
            self._weiter.clear()
            self._weiter.wait(1.0)

    def _sende(self, osci: Any, beispiel: Beispiel, nummer: int) -> Gesendet:
        if beispiel.per_osci:
            return lege_ab(osci, beispiel, nummer)
        if self._client is None:
            pki = self._szene.postfach / "pki"
            self._client = self._verbindung.enter_context(plattform(self._szene.adressen(), pki))
        return sende(self._client, beispiel)
