"""The delivery of a case as such: its key, its row, who works on it, whose turn it is, and the state that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm
from fachwerk.errors import FachwerkError, NeedsHumanError, RetryableError
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.tabellen import pause, schritt, zielstand, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

ABGABE = "abgabe"
"""Step of the journal that gives a case away; its ``ziel`` is that of the delivery, with the Fassung behind it."""

ERSETZT = "ersetzt"
"""State of a delivery that will not be made any more, because the case goes another way."""

NACHSENDUNG = "nachsendung"
"""Step of the journal by which a person has a delivery repeated; also its sign in ``zustellung.absicht_von`` as long as
the target is only to be asked, because nothing has been sent since."""

ANGEKOMMEN = "angekommen"
"""Step of the journal by which a person says that a delivery of unknown outcome is there."""

Bedingung = Mapping[str, Any]
"""What columns of a row must still say."""

_HIER = (
    zustellung.c.vorgang_id == sa.bindparam("im_fall"),
    zustellung.c.ziel == sa.bindparam("am_ziel"),
    zustellung.c.fassung == sa.bindparam("in_fassung"),
)
ZUSTELLUNG = sa.select(
    zustellung,
    sa.exists().where(pause.c.gegenstand == alarm.des_ziels("") + sa.bindparam("am_ziel")).label("ziel_pausiert"),
    sa.select(zielstand.c.offen_bis)
    .where(zielstand.c.ziel == zustellung.c.ziel)
    .scalar_subquery()
    .label("kreis_offen"),
).where(*_HIER)
"""The row of a delivery, and whether its Ziel takes any now; with :func:`hier`."""

_ABSICHT = (
    sa.select(zustellung.c.versuch)
    .where(*_HIER, zustellung.c.status == "absicht", zustellung.c.absicht_von == sa.bindparam("von"))
    .with_for_update(read=True)
)
_DER_FASSUNG = sa.select(zustellung).where(
    zustellung.c.vorgang_id == sa.bindparam("hier"), zustellung.c.fassung == sa.bindparam("in_fassung")
)
_ABGABEN = sa.select(schritt.c.id).where(
    schritt.c.vorgang_id == sa.bindparam("hier"),
    schritt.c.name == ABGABE,
    schritt.c.ziel.in_(sa.bindparam("orte", expanding=True)),
)

_LAUFENDE: set[tuple[str, str]] = set()
_SCHLOSS = Lock()


def schluessel(vorgang_id: str, ziel: str, fassung: int) -> str:
    """The delivery key: the same on every attempt, new with every Fassung."""
    return f"{vorgang_id}:{ziel}:{fassung}"


def diese(vorgang_id: str, ziel: str, fassung: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that names the row of a delivery."""
    z = zustellung.c
    return z.vorgang_id == vorgang_id, z.ziel == ziel, z.fassung == fassung


def hier(vorgang_id: str, ziel: str, fassung: int) -> dict[str, Any]:
    """What :data:`ZUSTELLUNG` and :func:`aendere` need to know which delivery is meant."""
    return {"im_fall": vorgang_id, "am_ziel": ziel, "in_fassung": fassung}


def pruefe_absicht(verbindung: sa.Connection, wo: Mapping[str, Any], prozess: str) -> None:
    """Raise unless the delivery at :func:`hier` is announced by ``prozess``, and keep it so until the end.

    Who froze for so long that another node took the delivery over learns it here, before anything leaves.
    """
    if verbindung.execute(_ABSICHT, {**wo, "von": prozess}).one_or_none() is None:
        text = "Ein anderer Knoten hat diese Zustellung übernommen; dieser sendet nichts mehr."
        raise RetryableError("zustellung_uebernommen", text, routenfehler=False)


def aendere(verbindung: sa.Connection, wo: Mapping[str, Any], wenn: Bedingung, werte: Mapping[str, Any]) -> bool:
    """Set columns of the delivery at :func:`hier` where others still say ``wenn``; whether they did."""
    angaben = {**wo, **{f"war_{name}": war for name, war in wenn.items()}}
    angaben |= {f"neu_{name}": neu for name, neu in werte.items()}
    return bool(verbindung.execute(_aenderung(tuple(sorted(wenn)), tuple(sorted(werte))), angaben).rowcount)


@cache
def _aenderung(wenn: tuple[str, ...], spalten: tuple[str, ...]) -> sa.Update:
    z = zustellung.c
    gilt = [z[name] == sa.bindparam(f"war_{name}") for name in wenn]
    neu = {name: sa.bindparam(f"neu_{name}", type_=z[name].type) for name in spalten}
    return zustellung.update().where(*_HIER, *gilt).values(neu)


@contextmanager
def allein(prozess: str, schluessel: str) -> Iterator[bool]:
    """True for one thread of this process at a time; another process sees the intent and its heartbeat."""
    with _SCHLOSS:
        frei = (prozess, schluessel) not in _LAUFENDE
        if frei:
            _LAUFENDE.add((prozess, schluessel))
    try:
        yield frei
    finally:
        if frei:
            _LAUFENDE.discard((prozess, schluessel))


def fuer_wen(fehler: FachwerkError) -> GehaltenFuer:
    """Who has to act; a broken route is never the Sachbearbeitung's."""
    if not isinstance(fehler, NeedsHumanError):
        return GehaltenFuer.TECHNIK
    return GehaltenFuer.BETRIEB if fehler.routenfehler else fehler.fuer


def ersetze_offene(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Deliveries of the case that certainly did not arrive are not made any more."""
    offen = zustellung.c.fassung > 0, zustellung.c.status != "zugestellt"
    hier = zustellung.update().where(zustellung.c.vorgang_id == vorgang_id, *offen)
    verbindung.execute(hier.values(status=ERSETZT, naechster=None, code="", hinweis="", gehalten_fuer=""))


def _ist_abgabe(verbindung: sa.Connection, zeilen: Sequence[Any]) -> bool:
    """Whether these deliveries give the case to another body."""
    orte = [f"{zeile.ziel}:{zeile.fassung}" for zeile in zeilen]
    return verbindung.execute(_ABGABEN, {"hier": zeilen[0].vorgang_id, "orte": orte}).first() is not None


def setze_stand(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, fassung: int) -> None:
    """The state of a case follows from its deliveries: held, waiting, running, done or given away when all arrived."""
    zeilen = list(verbindung.execute(_DER_FASSUNG, {"hier": vorgang_id, "in_fassung": fassung}))
    werte: dict[str, Any] = {"grund": "", "hinweis": "", "wartet_bis": None, "gehalten_fuer": ""}
    staende = {zeile.status for zeile in zeilen}
    if gehaltene := [zeile for zeile in zeilen if zeile.status == "gehalten"]:
        erste = gehaltene[0]
        werte |= {"grund": erste.code, "hinweis": erste.hinweis, "gehalten_fuer": erste.gehalten_fuer}
        werte["status"] = Vorgangstand.HELD.value
        alarm.melde_dringend(verbindung, vorgang_id, erste.code, erste.hinweis)
    elif staende & {"offen", "absicht"}:
        werte["status"] = Vorgangstand.RUNNING.value
    elif wartende := [zeile for zeile in zeilen if zeile.status == "wartet"]:
        naechste = min(wartende, key=lambda zeile: utc(zeile.naechster))
        werte |= {"grund": naechste.code, "hinweis": naechste.hinweis, "wartet_bis": naechste.naechster}
        werte["status"] = Vorgangstand.WAITING.value
    else:
        abgegeben = bool(zeilen) and _ist_abgabe(verbindung, zeilen)
        werte["status"] = (Vorgangstand.FORWARDED if abgegeben else Vorgangstand.DONE).value
    betrieb.store.aendere(verbindung, vorgang_id, **werte)
