"""When a conversation was deleted; it is purged some minutes later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("conversations", sa.Column("deleted_at", sa.Double))
    op.create_index("ix_conversations_deleted_at", "conversations", ["deleted_at"])
