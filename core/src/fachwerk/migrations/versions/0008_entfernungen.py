"""Entfernungen: was außerhalb der Datenbank noch zu löschen ist oder gelöscht wurde

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step. What was deleted before left no row and needs none."""
    zeit = sa.DateTime(timezone=True)
    op.create_table(
        "entfernung",
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("ort", sa.String(length=200), nullable=False, comment="spiegel, or ziel:NAME"),
        sa.Column("fassung", sa.Integer(), nullable=False, comment="of the delivery; 0 for the mirror"),
        sa.Column("seit", zeit, nullable=False),
        sa.Column("versuche", sa.Integer(), nullable=False),
        sa.Column("naechster", zeit, nullable=True, comment="when it is tried; empty: removed"),
        sa.Column("code", sa.String(length=200), nullable=False, comment="why the last attempt failed"),
        sa.Column("erledigt", zeit, nullable=True),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_entfernung_vorgang_id")),
        sa.PrimaryKeyConstraint("vorgang_id", "ort", "fassung", name=op.f("pk_entfernung")),
    )
    op.create_index("ix_entfernung_naechster", "entfernung", ["naechster"], unique=False)
