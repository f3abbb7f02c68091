"""Alembic environment: uses the engine handed in by :mod:`fachwerk.datenbank`, inside one transaction.

Nodes may begin at the same moment: the lock lets one migrate, and the others then find nothing to do.
"""

from alembic import context

from fachwerk.tabellen import METADATA

SPERRE = {"postgresql": "SELECT pg_advisory_xact_lock(7220119240386)", "sqlite": "BEGIN IMMEDIATE"}

with context.config.attributes["engine"].begin() as verbindung:
    verbindung.exec_driver_sql(SPERRE[verbindung.dialect.name])
    context.configure(connection=verbindung, target_metadata=METADATA, version_table="fachwerk_schema")
    with context.begin_transaction():
        context.run_migrations()
