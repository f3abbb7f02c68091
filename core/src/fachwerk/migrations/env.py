"""Alembic environment: uses the engine handed in by :mod:`fachwerk.datenbank`, inside one transaction."""

from alembic import context

from fachwerk.tabellen import METADATA

with context.config.attributes["engine"].begin() as verbindung:
    context.configure(connection=verbindung, target_metadata=METADATA, version_table="fachwerk_schema")
    with context.begin_transaction():
        context.run_migrations()
