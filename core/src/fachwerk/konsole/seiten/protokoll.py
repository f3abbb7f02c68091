"""The audit chain of the installation: who logged in, changed accounts, paused what; for those who manage."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.rechte import Recht
from fachwerk.store import BETRIEB
from fachwerk.tabellen import ereignis

JE_SEITE = 100


def zeige(anfrage: Anfrage) -> Response:
    """The newest lines first, page by page."""
    vor = anfrage.frage("vor")
    e = ereignis.c
    frage = sa.select(ereignis).where(e.kette == BETRIEB, e.nr < int(vor) if vor.isdecimal() else sa.true())
    with anfrage.betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage.order_by(e.nr.desc()).limit(JE_SEITE)))
    naechste = f"/protokoll?vor={zeilen[-1].nr}" if zeilen and zeilen[-1].nr > 1 else ""
    return anfrage.seite("protokoll.html", "Protokoll der Anlage", zeilen=zeilen, naechste=naechste)


ROUTEN = [Route("/protokoll", geschuetzt(zeige, Recht.VERWALTEN, ueberall=True), methods=["GET"])]
