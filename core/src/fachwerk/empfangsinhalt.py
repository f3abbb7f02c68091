"""What a Kanal receives, on its way into the content store.

Small parts wait in memory for the commit that makes a case of them; large ones are written at once, chunk by chunk and
provisionally. A message of a few hundred kilobytes so needs a single transaction.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import BinaryIO

import sqlalchemy as sa

from fachwerk.datenbank import benenne_stoerung, vorlaeufig
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.modell import Teil
from fachwerk.schluessel import neuer_schluessel
from fachwerk.stuecke import NeuerTeil

IM_SPEICHER = 4 << 20
"""Bytes of small parts of one message that may wait in memory."""


class Empfangsinhalt:
    """``host.inhalt`` while a Kanal is polled: every message gets its own future case.

    The case (and its key) begins with the first part written; :meth:`naechster` is called by the core once the
    Eingang that holds these parts was committed or given up. Implements ``InhaltLeser`` for the parts it gives out.
    """

    def __init__(self, datenbank: sa.Engine, speicher: Inhaltsspeicher) -> None:
        self._datenbank = datenbank
        self._speicher = speicher
        self.naechster()

    def naechster(self) -> None:
        """Begin a new case with the next part; what waited in memory is forgotten."""
        self._vorgang_id: str | None = None
        self._schluessel: bytes | None = None
        self._wartende: dict[str, tuple[NeuerTeil, bytearray]] = {}

    @property
    def vorgang_id(self) -> str:
        """Id of the future case of the message being received."""
        if self._vorgang_id is None:
            self._vorgang_id, self._schluessel = uuid.uuid4().hex, neuer_schluessel()
        return self._vorgang_id

    def schreibe(
        self,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """See :class:`fachwerk.host.InhaltSchreiber`."""
        neu = NeuerTeil(self.vorgang_id, beansprucht=False)
        stuecke = neu.zaehle(strom)
        erstes, ist_letztes = next(stuecke)
        if ist_letztes and self._im_speicher() + len(erstes) <= IM_SPEICHER:
            self._wartende[neu.id] = neu, erstes
        else:
            self._lege_fall_vorlaeufig_an()
            self._speicher.schreibe_stuecke(neu, chain([(erstes, ist_letztes)], stuecke))
        return self._speicher.handle(neu, name, medientyp, beschreibung).gebunden(self)

    def beanspruche(self, verbindung: sa.Connection, teil_ids: Sequence[str]) -> None:
        """Store what waits and claim the rest, in the transaction that makes the case. May be tried again."""
        vorgang_id = self.vorgang_id
        if self._schluessel is not None:
            self._speicher.lege_fall_an(verbindung, vorgang_id, self._schluessel)
        wartende = [self._wartende[kennung] for kennung in teil_ids if kennung in self._wartende]
        self._speicher.schreibe_ganze(verbindung, vorgang_id, wartende)
        self._speicher.beanspruche(verbindung, self._geschriebene(teil_ids))

    def verwirf(self, teil_ids: Sequence[str]) -> None:
        """Forget parts of a message that is known already."""
        self._speicher.verwirf(self._geschriebene(teil_ids))

    def oeffne(self, handle: Teil) -> BinaryIO:
        """Open a part before or after it was stored."""
        kennung = handle.ausschnitt.teil_id if handle.ausschnitt is not None else handle.id
        if kennung not in self._wartende:
            return self._speicher.oeffne(handle)
        strom = io.BytesIO(self._wartende[kennung][1])
        if handle.ausschnitt is None:
            return strom
        from fachwerk.xml import entnimm_aus

        return entnimm_aus(strom, handle.ausschnitt)

    def _im_speicher(self) -> int:
        return sum(len(daten) for _, daten in self._wartende.values())

    def _geschriebene(self, teil_ids: Sequence[str]) -> list[str]:
        return [kennung for kennung in teil_ids if kennung not in self._wartende]

    def _lege_fall_vorlaeufig_an(self) -> None:
        """The key must be there before the first chunk that is encrypted with it."""
        if self._schluessel is None:
            return
        with benenne_stoerung(), vorlaeufig(self._datenbank) as verbindung:
            self._speicher.lege_fall_an(verbindung, self.vorgang_id, self._schluessel)
        self._schluessel = None
