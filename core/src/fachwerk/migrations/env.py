"""Alembic environment: uses the engine handed in by :mod:`fachwerk.datenbank`; one process migrates at a time.

A new database, and any on SQLite, is made in one transaction. A PostgreSQL database at which others may work goes
migration by migration: no lock is waited for longer than a moment, and an index is built beside the work.
"""

import time

import sqlalchemy as sa
from alembic import context

from fachwerk.tabellen import METADATA

VERSIONSTABELLE = "fachwerk_schema"
SPERRE = {"postgresql": "SELECT pg_advisory_xact_lock(7220119240386)", "sqlite": "BEGIN IMMEDIATE"}
VERSUCH = "SELECT pg_try_advisory_lock(7220119240386)"
TAKT_S = 0.2

angaben = context.config.attributes


def in_einem(engine: sa.Engine) -> None:
    """Nodes may begin at the same moment: the lock lets one migrate, and the others then find nothing to do."""
    with engine.begin() as verbindung:
        verbindung.exec_driver_sql(SPERRE[verbindung.dialect.name])
        context.configure(connection=verbindung, target_metadata=METADATA, version_table=VERSIONSTABELLE)
        with context.begin_transaction():
            context.run_migrations()


def im_betrieb(engine: sa.Engine) -> None:
    """Beside the work of other nodes. Who waits does so between statements, or an index would wait for the waiting."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as waechter:
        while not waechter.exec_driver_sql(VERSUCH).scalar_one():
            time.sleep(TAKT_S)
        try:
            with engine.connect() as verbindung:
                verbindung.exec_driver_sql(f"SET lock_timeout = '{angaben['sperrfrist']}'")
                verbindung.commit()
                _wandere(verbindung)
                verbindung.invalidate()  # its settings are nobody else's
        finally:
            waechter.invalidate()  # and with it goes the lock


def _wandere(verbindung: sa.Connection) -> None:
    context.configure(
        connection=verbindung,
        target_metadata=METADATA,
        version_table=VERSIONSTABELLE,
        transaction_per_migration=True,
        im_betrieb=angaben["sperrfrist"],
    )
    with context.begin_transaction():
        context.run_migrations()


def ist_bewohnt(engine: sa.Engine) -> bool:
    """Whether nodes may work at this database already."""
    return engine.dialect.name == "postgresql" and sa.inspect(engine).has_table(VERSIONSTABELLE)


(im_betrieb if ist_bewohnt(angaben["engine"]) else in_einem)(angaben["engine"])
