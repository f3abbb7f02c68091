"""Indizes, an denen die Konsole Vorgänge sucht

Revision: 0007, after 0006
"""

from fachwerk.migrations.online import lege_index_an

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SPALTEN = {
    "ix_vorgang_kanal_status_angelegt": ("vorgang", ["kanal", "status", "angelegt"]),
    "ix_vorgang_kanal_angelegt": ("vorgang", ["kanal", "angelegt"]),
    "ix_vorgang_leistung_angelegt": ("vorgang", ["leistung", "angelegt"]),
    "ix_vorgang_land_angelegt": ("vorgang", ["land", "angelegt"]),
    "ix_vorgang_nachrichten_uuid": ("vorgang", ["nachrichten_uuid"]),
    "ix_eingang_nachricht_id": ("eingang", ["nachricht_id"]),
}


def upgrade() -> None:
    """Make the step."""
    for name, (tabelle, spalten) in SPALTEN.items():
        lege_index_an(name, tabelle, spalten)
