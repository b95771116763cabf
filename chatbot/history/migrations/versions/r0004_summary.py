"""A conversation's summary, which stood among its parameters before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_conversations = sa.table(
    "conversations",
    sa.column("id", sa.Text),
    sa.column("parameters", sa.JSON),
    sa.column("summary", sa.JSON),
)


def upgrade() -> None:
    """Add the column and move the summaries there."""
    op.add_column("conversations", sa.Column("summary", sa.JSON))
    c, db = _conversations.c, op.get_bind()
    summarized = sa.cast(c.parameters, sa.Text).contains('"summary"')
    for row in db.execute(sa.select(c.id, c.parameters).where(summarized)).all():
        summary = row.parameters.pop("summary", None)
        moved = _conversations.update().where(c.id == row.id)
        db.execute(moved.values(parameters=row.parameters, summary=summary or sa.null()))
