"""Mit welcher Fassung ein Knoten arbeitet

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step. A node that does not say it yet is one of before, with the protocol and the values of then."""
    for name, laenge, vorgabe, wozu in (
        ("version", 40, "", "of Fachwerk; empty: not said yet"),
        ("schema", 16, "", "newest migration it knows"),
        ("protokoll", 16, "1", "order of the durable jobs; nodes with different ones do not fit together"),
    ):
        spalte = sa.Column(name, sa.String(length=laenge), nullable=False, server_default=vorgabe, comment=wozu)
        op.add_column("knoten", spalte)
    werte = sa.Column("werte", sa.Integer(), nullable=False, server_default="1", comment="schema of journalled values")
    op.add_column("knoten", werte)
