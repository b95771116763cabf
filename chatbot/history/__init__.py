"""The conversations of all users, kept in SQLite or PostgreSQL."""

from __future__ import annotations

from chatbot.history.collection import UNDO
from chatbot.history.errors import HistoryUnavailable, NotFound, is_brief
from chatbot.history.repository import STALE, History
from chatbot.history.search import Hit
from chatbot.history.usage import Usage

__all__ = ["STALE", "UNDO", "History", "HistoryUnavailable", "Hit", "NotFound", "Usage", "is_brief"]
