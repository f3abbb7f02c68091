"""Konten und Sitzungen der Konsole

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""
    zeit = sa.DateTime(timezone=True)
    op.create_table(
        "konto",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kennwort", sa.String(length=200), nullable=False, comment="argon2id with its parameters and salt"),
        sa.Column("rechte", sa.Text(), nullable=False, comment="JSON list of RECHT or RECHT:KANAL"),
        sa.Column("angelegt", zeit, nullable=False),
        sa.Column("fehlversuche", sa.Integer(), nullable=False),
        sa.Column("gesperrt_bis", zeit, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_konto")),
    )
    op.create_table(
        "sitzung",
        sa.Column("id", sa.String(length=64), nullable=False, comment="SHA-256 of what the cookie holds"),
        sa.Column("konto", sa.String(length=200), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("angelegt", zeit, nullable=False),
        sa.Column("zuletzt", zeit, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitzung")),
    )
    op.create_index(op.f("ix_sitzung_konto"), "sitzung", ["konto"], unique=False)
