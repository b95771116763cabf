"""Deleted exchanges, a user's own settings for new conversations, and who follows an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables and add the columns."""
    op.create_table(
        "removals",
        sa.Column(
            "conversation_id",
            sa.Text,
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_table(
        "followers",
        sa.Column(
            "message_id",
            sa.Text,
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("followed_at", sa.Double, nullable=False),
    )
    op.add_column(
        "preferences", sa.Column("system_prompt", sa.Text, nullable=False, server_default="")
    )
    op.add_column("preferences", sa.Column("parameters", sa.JSON))
