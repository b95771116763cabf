"""The conversations of all visitors, kept in SQLite or PostgreSQL."""

from __future__ import annotations

from chatbot.history.collection import UNDO
from chatbot.history.errors import HistoryUnavailable, NotFound
from chatbot.history.records import (
    NO_SETUP,
    Conversation,
    Deletion,
    Ending,
    Message,
    Preset,
    Role,
    Setup,
    State,
    Summary,
    Turn,
)
from chatbot.history.search import Hit
from chatbot.history.store import STALE, History
from chatbot.history.wholes import Whole

__all__ = [
    "NO_SETUP",
    "STALE",
    "UNDO",
    "Conversation",
    "Deletion",
    "Ending",
    "History",
    "HistoryUnavailable",
    "Hit",
    "Message",
    "NotFound",
    "Preset",
    "Role",
    "Setup",
    "State",
    "Summary",
    "Turn",
    "Whole",
]
