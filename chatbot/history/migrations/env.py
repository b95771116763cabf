"""Runs the migrations in the transaction that chatbot.history.database has begun."""

from __future__ import annotations

from alembic import context

from chatbot.history.schema import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
)
context.run_migrations()
