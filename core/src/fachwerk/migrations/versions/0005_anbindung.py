"""Zustand der Routen und Stand der Anbindungen

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""
    zeit = sa.DateTime(timezone=True)
    op.create_table(
        "routenstand",
        sa.Column("route", sa.String(length=300), nullable=False, comment="Route.kennung"),
        sa.Column("nr", sa.Integer(), nullable=False, comment="the latest that has begun holds"),
        sa.Column("zustand", sa.String(length=10), nullable=False, comment="empty: as in the configuration again"),
        sa.Column("ab", sa.Date(), nullable=True, comment="first day it holds; empty: at once"),
        sa.Column("bis", sa.Date(), nullable=True, comment="last day; a person ends it"),
        sa.Column("grund", sa.Text(), nullable=False, comment="an operator's words about the route"),
        sa.Column("wer", sa.String(length=200), nullable=False),
        sa.Column("seit", zeit, nullable=False),
        sa.PrimaryKeyConstraint("route", "nr", name=op.f("pk_routenstand")),
    )
    op.create_table(
        "anbindungsstufe",
        sa.Column("leistung", sa.String(length=200), nullable=False),
        sa.Column("stufe", sa.String(length=30), nullable=False),
        sa.Column("am", sa.Date(), nullable=False, comment="local date on which it was reached"),
        sa.Column("wer", sa.String(length=200), nullable=False),
        sa.Column("vermerkt", zeit, nullable=False),
        sa.PrimaryKeyConstraint("leistung", "stufe", name=op.f("pk_anbindungsstufe")),
    )
