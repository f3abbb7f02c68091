"""What became of the cases, by the day on which they came in: every case of a day is in exactly one group.

Counted in the database along an index alone, no case is read: a month stays cheap with a million cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from fachwerk.lage import ZEITZONE
from fachwerk.modell import Vorgangstand
from fachwerk.store import Store
from fachwerk.tabellen import vorgang

TAGE = 30

GRUPPEN: dict[str, tuple[Vorgangstand, ...]] = {
    "zugestellt": (Vorgangstand.DONE,),
    "unterwegs": (Vorgangstand.READY, Vorgangstand.RUNNING, Vorgangstand.WAITING),
    "gehalten": (Vorgangstand.HELD,),
    "abgegeben": (Vorgangstand.FORWARDED, Vorgangstand.RETURNED),
}
"""Every state is in exactly one of them, so that they add up to what came in."""


@dataclass(frozen=True)
class Tag:
    """The cases received on a German day, by what has become of them until now."""

    tag: date
    zugestellt: int = 0
    unterwegs: int = 0
    gehalten: int = 0
    abgegeben: int = 0

    @property
    def eingegangen(self) -> int:
        """All cases of the day."""
        return self.zugestellt + self.unterwegs + self.gehalten + self.abgegeben


def tagesbild(
    store: Store, kanaele: Sequence[str] | None = None, *, bis: date | None = None, tage: int = TAGE
) -> list[Tag]:
    """The ``tage`` days up to ``bis`` (today), oldest first, of the cases of ``kanaele`` (None: of all)."""
    letzter = bis or datetime.now(ZEITZONE).date()
    folge = [letzter - timedelta(days=zurueck) for zurueck in range(tage - 1, -1, -1)]
    summen = [dict.fromkeys(GRUPPEN, 0) for _ in folge]
    with store.lesend() as verbindung:
        for kanal in [None] if kanaele is None else kanaele:
            for zeile in verbindung.execute(_frage(folge, kanal)):
                for gruppe in GRUPPEN:
                    summen[zeile.nr][gruppe] += getattr(zeile, gruppe)
    return [Tag(tag, **summe) for tag, summe in zip(folge, summen, strict=True)]


def _frage(folge: Sequence[date], kanal: str | None) -> sa.Select[Any]:
    """One row per day; each number is a count between two moments of one state."""
    spalten = (sa.column("nr", sa.Integer), sa.column("von", _ZEIT), sa.column("bis", _ZEIT))
    grenzen = [(nr, beginn(tag), beginn(tag + timedelta(days=1))) for nr, tag in enumerate(folge)]
    tage = sa.values(*spalten, name="tage").data(grenzen).cte("tage")
    zahlen = [_anzahl(tage, stand, kanal) for stand in GRUPPEN.values()]
    return sa.select(tage.c.nr, *(zahl.label(gruppe) for gruppe, zahl in zip(GRUPPEN, zahlen, strict=True)))


def _anzahl(tage: sa.CTE, staende: Sequence[Vorgangstand], kanal: str | None) -> sa.ColumnElement[int]:
    v = vorgang.c
    zahlen = []
    for stand in staende:
        hier = [v.status == stand.value, v.angelegt >= tage.c.von, v.angelegt < tage.c.bis]
        if kanal is not None:
            hier.append(v.kanal == kanal)
        zahlen.append(sa.select(sa.func.count()).select_from(vorgang).where(*hier).scalar_subquery())
    erste, *uebrige = zahlen
    return sum(uebrige, start=sa.type_coerce(erste, sa.Integer))


_ZEIT = vorgang.c.angelegt.type


def beginn(tag: date) -> datetime:
    """Midnight in Germany, as the database keeps it."""
    return datetime.combine(tag, time(), ZEITZONE).astimezone(UTC)
