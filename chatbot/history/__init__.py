"""The conversations of all visitors, kept in SQLite or PostgreSQL."""

from __future__ import annotations

from chatbot.domain.conversation import (
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
from chatbot.history.archive import Whole
from chatbot.history.collection import UNDO
from chatbot.history.errors import HistoryUnavailable, NotFound
from chatbot.history.repository import STALE, History
from chatbot.history.search import Hit

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
