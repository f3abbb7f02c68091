"""What a restore leaves unknown: whether a case of then was handed over in the time the backup does not know.

From a restore on, every delivery of a case that is older begins as an attempt with unknown outcome: the target is
asked, or recognises the key, or the case is held. Never is it sent blindly.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from fachwerk.datenbank import fuege_neu_ein
from fachwerk.modell import utc
from fachwerk.tabellen import notiz, vorgang, zustellung
from fachwerk.zustellstand import NACHSENDUNG

ZEICHEN = "wiederherstellung"
"""Sign in ``zustellung.absicht_von``: it may have been handed over after the backup."""

_ORT = {"plugin": "fachwerk", "schluessel": ZEICHEN, "name": "zeit"}
_ZEIT = sa.select(notiz.c.zeit).filter_by(**_ORT)


def merke(verbindung: sa.Connection, jetzt: datetime, sicherung: str) -> None:
    """In the transaction of the restore: all cases up to now are older, and so are their open deliveries."""
    werte = {"wert": sicherung[:300], "zeit": jetzt}
    if not fuege_neu_ein(verbindung, notiz, **_ORT, **werte):
        verbindung.execute(notiz.update().filter_by(**_ORT).values(**werte))
    z = zustellung.c
    offen = z.status.in_(["offen", "absicht", "wartet", "gehalten"]), z.absicht_von != NACHSENDUNG
    verbindung.execute(zustellung.update().where(*offen).values(absicht_von=ZEICHEN))


def zeit(verbindung: sa.Connection) -> datetime | None:
    """When the last restore was, None if there never was one."""
    gefunden = verbindung.execute(_ZEIT).scalar_one_or_none()
    return None if gefunden is None else utc(gefunden)


def zeichen(verbindung: sa.Connection, vorgang_id: str) -> str:
    """With which sign a new delivery of the case begins: empty, unless it may have been made already."""
    if (stand := zeit(verbindung)) is None:
        return ""
    angelegt = verbindung.execute(sa.select(vorgang.c.angelegt).where(vorgang.c.id == vorgang_id)).scalar_one()
    return ZEICHEN if utc(angelegt) <= stand else ""
