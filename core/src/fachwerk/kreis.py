"""The circuit of a Ziel: a broken route pauses, is probed now and then, and its cases wait.

Faults of the route in a row open it; whatever arrives, and a case that the Ziel itself refused, end the row. What only
a person can mend (:class:`NeedsHumanError` with ``routenfehler``) opens it at once, and the pauses between the probes
double. Opening raises an alarm, the next sign of life gives the all-clear.

It holds on every node for the same time: stored is the time of the database, given is that of the own machine.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from fachwerk import alarm
from fachwerk.datenbank import datenbankzeit, fuege_neu_ein
from fachwerk.diagnose import erklaere
from fachwerk.errors import FachwerkError, NeedsHumanError, RetryableError, StepError
from fachwerk.modell import utc
from fachwerk.tabellen import zielstand, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.kreis")

KREIS_AB = 5
"""So many route faults in a row open the circuit of a Ziel."""
KREIS_PAUSE = timedelta(minutes=5)
LAENGSTE_PAUSE = timedelta(hours=1)
_OFFEN_BIS = sa.select(zielstand.c.offen_bis).where(zielstand.c.ziel == sa.bindparam("dieses"))
_GESCHLOSSEN = (
    zielstand.update()
    .where(zielstand.c.ziel == sa.bindparam("dieses"), zielstand.c.fehler_in_folge > 0)
    .values(fehler_in_folge=0, offen_bis=sa.null())
)
KREIS_HINWEIS = (
    "Dieses Ziel ist zurzeit nicht zu erreichen oder nimmt nichts an; es wird von selbst wieder versucht. Warum, sagt "
    "„fachwerk ziel list“."
)


def ist_routenfehler(fehler: FachwerkError) -> bool:
    """Whether the way to the Ziel is at fault, not the case."""
    return isinstance(fehler, RetryableError | NeedsHumanError) and fehler.routenfehler


def offen_bis(store: Store, ziel: str) -> datetime | None:
    """Until when nothing is tried, None while the circuit is closed or it is time for a probe."""
    with store.lesend() as verbindung:
        return _offen_bis(verbindung, ziel)


def zaehle(betrieb: Betrieb, ziel: str, fehler: FachwerkError) -> datetime | None:
    """One more fault of the route; gives until when the circuit is open, None if it stays closed."""
    sofort = isinstance(fehler, NeedsHumanError)
    with betrieb.store.transaktion("routenfehler") as verbindung:
        fuege_neu_ein(verbindung, zielstand, ziel=ziel, fehler_in_folge=0)
        schon_offen = _offen_bis(verbindung, ziel, sperrend=True)
        if sofort and schon_offen is not None:
            return schon_offen  # another attempt of the same moment has said it
        anzahl = _zaehle_hoch(verbindung, ziel, KREIS_AB if sofort else 1)
        pause = _pause(anzahl, sofort) if anzahl >= KREIS_AB else None
        offen_bis = None if pause is None else datenbankzeit(verbindung) + pause
        verbindung.execute(zielstand.update().where(zielstand.c.ziel == ziel).values(offen_bis=offen_bis))
        bis = None if pause is None else datetime.now(UTC) + pause
        if bis is not None:
            alarm.melde(verbindung, alarm.KREIS_OFFEN, alarm.des_ziels(ziel), fehler.code, fehler.hint)
    if bis is not None:
        log.warning("kreis_offen", ziel=ziel, bis=bis.isoformat(), code=fehler.code)
        _benenne(betrieb, ziel, fehler)
    return bis


def _benenne(betrieb: Betrieb, ziel: str, fehler: FachwerkError) -> None:
    """Say in the alarm what the target's own preflight finds, which knows more than one failed attempt."""
    befund = erklaere(betrieb, betrieb.ziele[ziel], fehler)
    if befund.code != fehler.code:
        with betrieb.store.transaktion("kreis_befund") as verbindung:
            alarm.praezisiere(verbindung, alarm.KREIS_OFFEN, alarm.des_ziels(ziel), befund.code, befund.hinweis)


def schliesse(verbindung: sa.Connection, ziel: str) -> None:
    """Something arrived: the route works."""
    _schliesse(verbindung, ziel, alarm.KREIS_OFFEN, alarm.DIENST)


def schliesse_nach_absage(verbindung: sa.Connection, ziel: str, fehler: FachwerkError) -> None:
    """A case was refused: if by the Ziel itself, the route works, though perhaps not for this service."""
    if isinstance(fehler, StepError) and fehler.vom_ziel:
        _schliesse(verbindung, ziel, alarm.KREIS_OFFEN)


def schliesse_ohne_wartende(betrieb: Betrieb, ziel: str) -> None:
    """A question was answered: that is the probe where no delivery waits that could be one."""
    z, stand = zustellung.c, zielstand.c
    unterwegs = sa.exists().where(z.ziel == ziel, z.status.in_(["offen", "absicht", "wartet"]))
    frage = sa.select(stand.ziel).where(stand.ziel == ziel, stand.fehler_in_folge >= KREIS_AB, ~unterwegs)
    with betrieb.store.lesend() as verbindung:
        geht_wieder = verbindung.execute(frage).first() is not None
    if geht_wieder:
        with betrieb.store.transaktion("kreis_geschlossen") as verbindung:
            schliesse(verbindung, ziel)


def _schliesse(verbindung: sa.Connection, ziel: str, *behoben: str) -> None:
    verbindung.execute(_GESCHLOSSEN, {"dieses": ziel})
    alarm.behebe(verbindung, alarm.des_ziels(ziel), behoben)


def _offen_bis(verbindung: sa.Connection, ziel: str, *, sperrend: bool = False) -> datetime | None:
    frage = _OFFEN_BIS.with_for_update() if sperrend else _OFFEN_BIS
    bis = verbindung.execute(frage, {"dieses": ziel}).scalar_one_or_none()
    if bis is None or (rest := utc(bis) - datenbankzeit(verbindung)) <= timedelta(0):
        return None
    return datetime.now(UTC) + rest


def _zaehle_hoch(verbindung: sa.Connection, ziel: str, mindestens: int) -> int:
    eins_mehr = zielstand.c.fehler_in_folge + 1
    gezaehlt = sa.case((eins_mehr < mindestens, mindestens), else_=eins_mehr)
    hoch = zielstand.update().where(zielstand.c.ziel == ziel).values(fehler_in_folge=gezaehlt)
    return int(verbindung.execute(hoch.returning(zielstand.c.fehler_in_folge)).scalar_one())


def _pause(anzahl: int, verdoppelt: bool) -> timedelta:
    verdopplungen = min(anzahl - KREIS_AB, 10) if verdoppelt else 0
    pause: timedelta = min(KREIS_PAUSE * 2**verdopplungen, LAENGSTE_PAUSE)
    return pause
