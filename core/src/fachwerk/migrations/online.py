"""Steps of a migration that let the work go on; which steps a migration may take at all says docs/betrieb.md."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

_GUELTIG = sa.text(
    "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE c.relname = :name AND c.relnamespace = current_schema()::regnamespace"
)


def lege_index_an(name: str, tabelle: str, spalten: Sequence[str], *, wo: str = "") -> None:
    """An index on a table that may be big: on PostgreSQL built beside the work, which only lasts longer.

    It ends the transaction of its migration, so a migration that uses it does nothing else. What a killed attempt
    left behind is built anew.
    """
    bedingung = sa.text(wo) if wo else None
    spalten = list(spalten)
    sperrfrist = op.get_context().opts.get("im_betrieb")
    if sperrfrist is None:
        op.create_index(name, tabelle, spalten, sqlite_where=bedingung, postgresql_where=bedingung)
        return
    with op.get_context().autocommit_block():
        gueltig = op.get_bind().execute(_GUELTIG, {"name": name}).scalar_one_or_none()
        if gueltig:
            return
        op.execute("SET lock_timeout = 0")  # it waits for the work of others, and nobody waits for it
        if gueltig is False:
            op.execute(f'DROP INDEX CONCURRENTLY "{name}"')
        op.create_index(name, tabelle, spalten, postgresql_where=bedingung, postgresql_concurrently=True)
        op.execute(f"SET lock_timeout = '{sperrfrist}'")
