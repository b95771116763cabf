"""Alembic's migrations of the history, run by chatbot.history.database when it opens."""
