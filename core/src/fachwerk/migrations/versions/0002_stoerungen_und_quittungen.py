"""Notizen, Alarme, Stand der Kanäle und Fragen nach Quittungen

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OFFEN = sa.text("behoben IS NULL")


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "notiz",
        sa.Column("plugin", sa.String(length=200), nullable=False),
        sa.Column("schluessel", sa.String(length=500), nullable=False, comment="delivery key vorgang:ziel:fassung"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "wert", sa.String(length=300), nullable=False, comment="an id or a code of the plugin, never content"
        ),
        sa.Column("zeit", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plugin", "schluessel", "name", name=op.f("pk_notiz")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("anlass", sa.String(length=200), nullable=False),
        sa.Column("gegenstand", sa.String(length=300), nullable=False, comment="kanal:NAME, ziel:NAME or vorgang:ID"),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("hinweis", sa.Text(), nullable=False, comment="what a person has to do; no personal data"),
        sa.Column("seit", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zuletzt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anzahl", sa.Integer(), nullable=False),
        sa.Column("behoben", sa.DateTime(timezone=True), nullable=True, comment="empty: open"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(
        "uq_alarm_offen",
        "alarm",
        ["anlass", "gegenstand"],
        unique=True,
        sqlite_where=OFFEN,
        postgresql_where=OFFEN,
    )
    op.create_table(
        "kanalstand",
        sa.Column("kanal", sa.String(length=200), nullable=False),
        sa.Column("angehalten_seit", sa.DateTime(timezone=True), nullable=True, comment="empty: polled as configured"),
        sa.Column(
            "naechste_probe", sa.DateTime(timezone=True), nullable=True, comment="before that, timed polls do nothing"
        ),
        sa.Column("fehler_in_folge", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("hinweis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kanal", name=op.f("pk_kanalstand")),
    )
    op.add_column(
        "zustellung",
        sa.Column(
            "frage",
            sa.Integer(),
            nullable=True,
            comment="number of the latest question for a higher receipt; empty: never asked",
        ),
    )
    op.add_column(
        "zustellung",
        sa.Column(
            "frage_faellig",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is asked; empty: not asked",
        ),
    )
    op.create_index("ix_zustellung_frage_faellig", "zustellung", ["frage_faellig"], unique=False)
    op.create_index("ix_zustellung_status_ziel", "zustellung", ["status", "ziel"], unique=False)
