"""What went wrong with an answer, as a code and arguments; before, there was a sentence alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns, empty in the rows that are there: their sentences stay as they stand."""
    op.add_column("messages", sa.Column("error_code", sa.Text))
    op.add_column("messages", sa.Column("error_arguments", sa.JSON))
