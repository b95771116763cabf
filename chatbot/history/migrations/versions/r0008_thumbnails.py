"""What pages draw of a large image."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column, empty in the rows that are there: these images are drawn themselves."""
    op.add_column("attachments", sa.Column("thumbnail", sa.LargeBinary))
