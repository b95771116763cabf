"""Runs the migrations in the transaction that chatbot.history.database has begun."""

from __future__ import annotations

from alembic import context

from chatbot.history.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
