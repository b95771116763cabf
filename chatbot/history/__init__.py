"""The conversations of all visitors, kept in SQLite or PostgreSQL."""

from __future__ import annotations

from chatbot.history.errors import HistoryUnavailable, NotFound
from chatbot.history.records import Conversation, Ending, Message, Role, State, Turn
from chatbot.history.store import STALE, History

__all__ = [
    "STALE",
    "Conversation",
    "Ending",
    "History",
    "HistoryUnavailable",
    "Message",
    "NotFound",
    "Role",
    "State",
    "Turn",
]
