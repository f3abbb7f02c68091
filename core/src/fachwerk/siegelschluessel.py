"""The key of the audit seals: derived from the site key at first, and kept beside the case keys from its change on."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from fachwerk.datenbank import fuege_neu_ein
from fachwerk.schluessel import SIEGEL, Schluesselbund, siegle_mit
from fachwerk.store import auditzeile
from fachwerk.tabellen import ereignis, fallschluessel


def lade_siegel(verbindung: sa.Connection, bund: Schluesselbund) -> None:
    """Let ``bund`` seal with the key this database was sealed with so far."""
    frage = sa.select(fallschluessel.c.schluessel).where(fallschluessel.c.vorgang_id == SIEGEL)
    if (verpackt := verbindung.execute(frage).scalar_one_or_none()) is not None:
        bund.setze_siegel(bund.entpacke(SIEGEL, verpackt))
        return
    moegliche = bund.moegliche_siegel()
    if len(moegliche) > 1:
        erste = verbindung.execute(sa.select(ereignis).where(ereignis.c.nr == 1).limit(1)).one_or_none()
        passend = [
            siegel for siegel in moegliche if erste and siegle_mit(siegel, auditzeile(erste, "")) == erste.siegel
        ]
        bund.setze_siegel((passend or list(moegliche))[0])


def bewahre_siegel(verbindung: sa.Connection, bund: Schluesselbund) -> None:
    """Before the first change of the site key: from now on the seals do not follow from it any more."""
    werte = {"schluessel": bund.verpacke(SIEGEL, bund.siegel), "angelegt": datetime.now(UTC)}
    fuege_neu_ein(verbindung, fallschluessel, vorgang_id=SIEGEL, **werte)
