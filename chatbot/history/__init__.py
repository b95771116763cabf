"""The conversations of all visitors, kept in SQLite or PostgreSQL."""

from __future__ import annotations

from chatbot.history.errors import HistoryUnavailable, NotFound
from chatbot.history.records import (
    NO_SETUP,
    Conversation,
    Ending,
    Message,
    Preset,
    Role,
    Setup,
    State,
    Turn,
)
from chatbot.history.store import STALE, History

__all__ = [
    "NO_SETUP",
    "STALE",
    "Conversation",
    "Ending",
    "History",
    "HistoryUnavailable",
    "Message",
    "NotFound",
    "Preset",
    "Role",
    "Setup",
    "State",
    "Turn",
]
