"""Erwartete Quittungen: welche Stufe einer Zustellung als nächste kommen soll, und bis wann

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step. Nothing is expected of deliveries made before; they are asked for receipts as they were."""
    zeit = sa.DateTime(timezone=True)
    op.add_column(
        "zustellung",
        sa.Column(
            "erwartet",
            sa.String(length=24),
            nullable=False,
            server_default="",
            comment="the stage that should come next; empty: none",
        ),
    )
    op.add_column("zustellung", sa.Column("erwartet_bis", zeit, nullable=True, comment="after that it is overdue"))
    op.add_column(
        "zustellung",
        sa.Column("mahnen_ab", zeit, nullable=True, comment="when an alarm is due; empty: none, or raised"),
    )
    op.create_index("ix_zustellung_erwartet_bis", "zustellung", ["erwartet_bis"], unique=False)
    op.create_index("ix_zustellung_mahnen_ab", "zustellung", ["mahnen_ab"], unique=False)
