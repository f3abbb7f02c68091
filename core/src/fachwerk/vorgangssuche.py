"""Find cases: by id, or page by page by what stands in their columns, newest first.

Every question runs along an index and reads little more than it shows, with a million cases too (design, section 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fachwerk.modell import Vorgangstand
from fachwerk.store import DRINGENDE, UNFERTIG, Store
from fachwerk.tabellen import eingang, vorgang

GRENZE = 50
DONE = Vorgangstand.DONE.value


@dataclass(frozen=True)
class Suche:
    """What to look for; empty means any. ``kanaele`` are those whose cases may be seen (None: all).

    ``text`` is the beginning of a case id, or a whole message id or nachrichtenUUID. ``von`` and ``bis`` bound the time
    of receipt (``bis`` not included). ``vor`` is the (time, id) after which the page begins.
    """

    text: str = ""
    status: tuple[str, ...] = ()
    kanal: str = ""
    leistung: str = ""
    land: str = ""
    fuer: str = ""
    grund: str = ""
    dringend: bool = False
    von: datetime | None = None
    bis: datetime | None = None
    vor: tuple[datetime, str] | None = None
    kanaele: tuple[str, ...] | None = None


def finde(store: Store, suche: Suche, grenze: int = GRENZE) -> tuple[list[Any], tuple[datetime, str] | None]:
    """The rows of a page and, if there are more, where the next one begins."""
    v = vorgang.c
    fragen = _nach_text(suche) if suche.text else _nach_spalten(suche)
    if not suche.text:
        fragen = [frage.order_by(v.angelegt.desc(), v.id.desc()) for frage in fragen]
    gefunden: dict[str, Any] = {}
    with store.lesend() as verbindung:
        for frage in fragen:
            gefunden.update((zeile.id, zeile) for zeile in verbindung.execute(frage.limit(grenze + 1)))
    zeilen = sorted(gefunden.values(), key=lambda zeile: (zeile.angelegt, zeile.id), reverse=True)
    weiter = (zeilen[grenze - 1].angelegt, zeilen[grenze - 1].id) if len(zeilen) > grenze else None
    return zeilen[:grenze], weiter


def zaehle(store: Store, status: Sequence[str], hoechstens: int = 10_000, **spalten: str) -> int:
    """How many cases are in these states, counted no further than ``hoechstens``."""
    v = vorgang.c
    bedingung = [v.status.in_(status), *(v[name] == wert for name, wert in spalten.items())]
    innen = sa.select(sa.literal(1)).select_from(vorgang).where(*bedingung).limit(hoechstens).subquery()
    with store.lesend() as verbindung:
        return int(verbindung.execute(sa.select(sa.func.count()).select_from(innen)).scalar_one())


def _nach_spalten(suche: Suche) -> list[sa.Select[Any]]:
    """One question per Kanal and state, so that each follows its index and none sorts what it does not show.

    Few cases are in any state but ``done``, so the index over the states leads there; else that over the Leistung or
    the Land does. ``coalesce`` keeps the database from taking the other one.
    """
    v = vorgang.c
    status = suche.status or (UNFERTIG if suche.fuer or suche.grund or suche.dringend else ())
    nach_stand = bool(status) and DONE not in status
    gleich = {"leistung": suche.leistung, "land": suche.land}
    frage = sa.select(vorgang).where(
        *((_ohne_index(v[name]) if nach_stand else v[name]) == wert for name, wert in gleich.items() if wert),
        *(v[name] == wert for name, wert in (("gehalten_fuer", suche.fuer), ("grund", suche.grund)) if wert),
    )
    if suche.dringend:
        status = tuple(einer for einer in status if einer in UNFERTIG)
        frage = frage.where(_ohne_index(v.dringlichkeit).in_(DRINGENDE))
    if suche.von is not None:
        frage = frage.where(v.angelegt >= suche.von)
    if suche.bis is not None:
        frage = frage.where(v.angelegt < suche.bis)
    if suche.vor is not None:
        zeit, kennung = suche.vor
        frage = frage.where(v.angelegt <= zeit, (v.angelegt < zeit) | (v.id < kennung))
    spalte = v.status if nach_stand or not any(gleich.values()) else _ohne_index(v.status)
    je_status = [frage.where(spalte == einer) for einer in status] or ([] if suche.dringend else [frage])
    kanaele = _kanaele(suche)
    if kanaele is None:
        return je_status
    return [eine.where(v.kanal == kanal) for eine in je_status for kanal in kanaele]


def _ohne_index(spalte: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.coalesce(spalte, "")


def _kanaele(suche: Suche) -> tuple[str, ...] | None:
    if not suche.kanal:
        return suche.kanaele
    return (suche.kanal,) if suche.kanaele is None or suche.kanal in suche.kanaele else ()


def _nach_text(suche: Suche) -> list[sa.Select[Any]]:
    """By id; the other filters do not matter to who knows the id."""
    v, e, text = vorgang.c, eingang.c, suche.text
    sichtbar = _ohne_index(v.kanal).in_(suche.kanaele) if suche.kanaele is not None else sa.true()
    nachricht = sa.select(e.vorgang_id).where(e.nachricht_id == text)
    return [
        sa.select(vorgang).where(v.id >= text.lower(), v.id < text.lower() + "\x7f", sichtbar),
        sa.select(vorgang).where(v.nachrichten_uuid == text, sichtbar),
        sa.select(vorgang).where(v.id.in_(nachricht), sichtbar),
    ]
