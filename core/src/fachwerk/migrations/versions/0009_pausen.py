"""Von Hand angehaltene Kanäle und Ziele

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "pause",
        sa.Column("gegenstand", sa.String(length=300), nullable=False, comment="kanal:NAME or ziel:NAME"),
        sa.Column("seit", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wer", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("gegenstand", name=op.f("pk_pause")),
    )
