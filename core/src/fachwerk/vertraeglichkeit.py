"""Which nodes may work side by side: those that read each other's values and know the same durable jobs.

A node says in its row which core it runs. Old and new ones work together while a site is brought up to date, one
after the other; where they could not understand each other, the one that comes later does not begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from fachwerk import __version__
from fachwerk.datenbank import SCHEMA_KOPF, datenbankzeit, verlangte_fassung
from fachwerk.errors import ConfigError
from fachwerk.modell import SCHEMA, utc
from fachwerk.tabellen import knoten

KNOTEN_TOT_NACH = timedelta(seconds=15)
"""A node that was not heard of for so long is dead: its work is for the others."""


@dataclass(frozen=True)
class Kern:
    """What of a core matters to others; ``schema`` is the newest migration it knows, empty: it does not say."""

    version: str
    schema: str
    protokoll: str
    werte: int

    def passt_zu(self, anderer: Kern) -> bool:
        """Whether both may work at one database: values are read back one schema, and left to who can read them."""
        return self.protokoll == anderer.protokoll and abs(self.werte - anderer.werte) <= 1


@dataclass(frozen=True)
class Nachbar:
    """A living node and its core."""

    platz: str
    kern: Kern


def eigener() -> Kern:
    """The core of this process."""
    from fachwerk.engine import PROTOKOLL

    return Kern(__version__, SCHEMA_KOPF, PROTOKOLL, SCHEMA)


def lebende(datenbank: sa.Engine) -> list[Nachbar]:
    """The nodes that were heard of just now; of those before migration 0011 only that they live."""
    pruefer = sa.inspect(datenbank)
    if not pruefer.has_table(knoten.name):
        return []
    da = {spalte["name"] for spalte in pruefer.get_columns(knoten.name)}
    spalten = [spalte for spalte in knoten.columns if spalte.name in da]
    with datenbank.connect() as verbindung:
        jetzt = datenbankzeit(verbindung)
        zeilen = verbindung.execute(sa.select(*spalten).order_by(knoten.c.platz)).mappings().all()
    return [
        Nachbar(z["platz"], Kern(z.get("version", ""), z.get("schema", ""), z.get("protokoll", "1"), z.get("werte", 1)))
        for z in zeilen
        if jetzt - utc(z["herzschlag"]) < KNOTEN_TOT_NACH
    ]


def pruefe(datenbank: sa.Engine, platz: str) -> None:
    """Refuse to begin beside a living node whose core does not fit; ``platz`` is the own slot."""
    kern = eigener()
    for nachbar in lebende(datenbank):
        if nachbar.platz != platz and not kern.passt_zu(nachbar.kern):
            raise ConfigError(
                "knoten_unvertraeglich",
                f"An dieser Datenbank arbeitet {nachbar.platz} mit Fachwerk {nachbar.kern.version or 'unbekannt'}; mit "
                f"{kern.version} zusammen geht das nicht. Bitte erst alle Dienste der anderen Fassung beenden (nach "
                "einem Absturz gilt ein Knoten noch 15 Sekunden als lebend).",
            )


def pruefe_aktualisierung(datenbank: sa.Engine) -> None:
    """Refuse to migrate what somebody works on who would not get through it.

    A file has one program at a time. At a server nodes of before go on, but for a migration that takes something away;
    a node that does not say what it knows began at the state the database is in, so it knows that.
    """
    if datenbank.dialect.name == "sqlite":
        _pruefe_datei(Path(str(datenbank.url.database)))
        return
    stand, braucht = verlangte_fassung(datenbank)
    if zu_alte := [nachbar.platz for nachbar in lebende(datenbank) if (nachbar.kern.schema or stand) < braucht]:
        raise ConfigError(
            "knoten_zu_alt",
            f"Diese Aktualisierung nimmt etwas weg, was ältere Knoten noch brauchen: {', '.join(zu_alte)}. Bitte erst "
            "auf allen Rechnern die Fassung davor starten, oder alle Dienste beenden.",
        )


def _pruefe_datei(datei: Path) -> None:
    from fachwerk.platz import ist_belegt

    if ist_belegt(datei):
        raise ConfigError(
            "datenbank_in_arbeit",
            f"An {datei} arbeitet ein Dienst. Bitte ihn beenden, dann aktualisieren und mit der neuen Fassung starten.",
        )
