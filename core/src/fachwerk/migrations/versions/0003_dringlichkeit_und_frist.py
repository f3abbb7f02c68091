"""Dringlichkeit und Frist eines Vorgangs

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step. Cases judged before stay without urgency until they run again."""
    op.add_column(
        "vorgang",
        sa.Column(
            "dringlichkeit",
            sa.String(length=10),
            nullable=False,
            server_default="",
            comment="empty: not judged, or shredded",
        ),
    )
    op.add_column(
        "vorgang",
        sa.Column("frist", sa.Date(), nullable=True, comment="derived from content, so it goes with the content"),
    )
    op.create_index("ix_vorgang_dringlichkeit_status", "vorgang", ["dringlichkeit", "status"], unique=False)
    op.create_index("ix_vorgang_status_angelegt", "vorgang", ["status", "angelegt"], unique=False)
