"""Alarme melden: was wem gesagt ist und was noch hinaus muss; seit wann ein Vorgang gehalten ist

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ZEIT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the step. What is held now counts as held since its last change."""
    op.add_column("vorgang", sa.Column("gehalten_seit", ZEIT, nullable=True, comment="empty: not held"))
    op.execute("UPDATE vorgang SET gehalten_seit = geaendert WHERE status = 'held'")
    _teilindex("ix_vorgang_gehalten_seit", "vorgang", ["gehalten_seit"], "gehalten_seit IS NOT NULL")
    _teilindex("ix_eingang_unbestaetigt", "eingang", ["kanal", "empfangen"], "bestaetigt IS NULL")
    op.create_table(
        "gesagt",
        sa.Column("weg", sa.String(length=20), nullable=False, comment="mail or webhook"),
        sa.Column("anlass", sa.String(length=200), nullable=False),
        sa.Column("gegenstand", sa.String(length=300), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("seit", ZEIT, nullable=False, comment="when it was put into a message that it is open"),
        sa.PrimaryKeyConstraint("weg", "anlass", "gegenstand", name=op.f("pk_gesagt")),
    )
    op.create_table(
        "meldung",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("weg", sa.String(length=20), nullable=False),
        sa.Column(
            "kennung",
            sa.String(length=64),
            nullable=False,
            comment="the same at every attempt; receivers know a repeat by it",
        ),
        sa.Column(
            "inhalt",
            sa.Text(),
            nullable=False,
            comment="JSON list of what is opened and what is over; ids and codes",
        ),
        sa.Column("angelegt", ZEIT, nullable=False),
        sa.Column("versuche", sa.Integer(), nullable=False),
        sa.Column("naechster", ZEIT, nullable=True, comment="not tried before; also the end of a running attempt"),
        sa.Column("code", sa.String(length=200), nullable=False, comment="why the last attempt failed"),
        sa.Column("gesendet", ZEIT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meldung")),
    )
    _teilindex("uq_meldung_offen", "meldung", ["weg"], "gesendet IS NULL", unique=True)
    op.create_table(
        "wachgang",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("beginn", ZEIT, nullable=False),
        sa.Column("prozess", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_wachgang")),
    )


def _teilindex(name: str, tabelle: str, spalten: list[str], wo: str, *, unique: bool = False) -> None:
    op.create_index(name, tabelle, spalten, unique=unique, sqlite_where=sa.text(wo), postgresql_where=sa.text(wo))
