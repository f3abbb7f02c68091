"""While a site is brought up to date, old nodes meet values of newer ones: they leave the case to who can read it.

Nothing was done with the case before, so nothing is unknown: an announced delivery is taken back, and the job waits a
moment for another node. Where no node lives that can read it (somebody went back to an older version), it is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from fachwerk import vertraeglichkeit, zustellung
from fachwerk.betrieb import zielschlange
from fachwerk.modell import GehaltenFuer, Vorgangstand
from fachwerk.tabellen import zustellung as zustellung_tabelle
from fachwerk.zustellstand import diese

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.ueberlassung")

CODE = "wert_zu_neu"
HINWEIS = (
    "An diesem Vorgang hat eine neuere Fassung von Fachwerk gearbeitet, die hier nicht mehr läuft. Bitte die neuere "
    "Fassung starten, dann wiederholen; mit dieser geht es nicht weiter."
)
PAUSE_S = 5.0
"""Until a node looks at it again."""

_ZEICHEN = ":u"


def ueberlasse(betrieb: Betrieb, aufgabe: str, kennung: str, argumente: tuple[str, ...], schema: int) -> None:
    """The job ``kennung`` met a value of ``schema``: to whom may it go?"""
    andere = [nachbar.kern for nachbar in vertraeglichkeit.lebende(betrieb.store.datenbank)]
    log.warning("wert_zu_neu", vorgang=argumente[0], auftrag=aufgabe, schema=schema)
    if aufgabe == "stelle_zu":
        _nimm_zurueck(betrieb, *argumente)
    if any(kern.werte >= schema for kern in andere):
        _reihe_wieder_ein(betrieb, aufgabe, kennung, argumente)
    elif aufgabe == "stelle_zu":
        zustellung.halte_abgestuerzte(betrieb, argumente[0], argumente[1], int(argumente[2]), CODE, HINWEIS)
    elif aufgabe == "bearbeite":
        _halte(betrieb, argumente[0])


def _nimm_zurueck(betrieb: Betrieb, vorgang_id: str, ziel: str, fassung: str, versuch: str) -> None:
    """Announced by this process, and not sent: the next attempt has the same number."""
    z = zustellung_tabelle.c
    meine = z.status == "absicht", z.absicht_von == betrieb.store.prozess, z.versuch == int(versuch)
    with betrieb.store.datenbank.begin() as verbindung:
        betrieb.store.sperre(verbindung, vorgang_id)
        zurueck = zustellung_tabelle.update().where(*diese(vorgang_id, ziel, int(fassung)), *meine)
        verbindung.execute(zurueck.values(status="offen", absicht_von="", versuch=int(versuch) - 1))


def _reihe_wieder_ein(betrieb: Betrieb, aufgabe: str, kennung: str, argumente: tuple[str, ...]) -> None:
    schlange = zielschlange(argumente[1]) if aufgabe in ("stelle_zu", "frage_nach") else "linie"
    stamm, _, bisher = kennung.rpartition(_ZEICHEN)
    neue = f"{stamm}{_ZEICHEN}{int(bisher) + 1}" if stamm and bisher.isdigit() else f"{kennung}{_ZEICHEN}1"
    with betrieb.store.datenbank.begin() as verbindung:
        betrieb.auftraege.reihe_ein(verbindung, aufgabe, schlange, neue, *argumente, verzoegerung=PAUSE_S)


def _halte(betrieb: Betrieb, vorgang_id: str) -> None:
    store = betrieb.store
    with store.transaktion("technik") as verbindung:
        store.sperre(verbindung, vorgang_id)
        if store.vorgang(vorgang_id, verbindung).status in (Vorgangstand.READY.value, Vorgangstand.RUNNING.value):
            store.halte(verbindung, vorgang_id, CODE, HINWEIS, GehaltenFuer.TECHNIK)
