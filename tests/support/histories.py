"""Histories in tests: what they refuse, hold and list."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import func, select

from chatbot.history import History, HistoryUnavailable
from chatbot.history.database import open_engines
from chatbot.history.schema import attachments, conversations, messages


def find_code(url: str) -> str:
    """Open a history and ask once; return the code of the refusal."""
    with pytest.raises(HistoryUnavailable) as refusal, closing(History(url)) as history:
        history.store_prompt("ann", None, "Hello", "m")
    assert refusal.value.status == 503
    return refusal.value.code


def find_refusal(history: History) -> str:
    """Ask once and return the code of the refusal; readiness must say the same."""
    with pytest.raises(HistoryUnavailable) as refusal:
        history.store_prompt("ann", None, "Hello", "m")
    with pytest.raises(HistoryUnavailable) as unhealthy:
        history.check_writable()
    assert unhealthy.value.code == refusal.value.code
    return refusal.value.code


def store_exchange(history: History, prompt: str, answer: str = "", user_id: str = "ann") -> str:
    """Store a new conversation of one exchange and return its id."""
    exchange = history.store_prompt(user_id, None, prompt, "m")
    history.finish_answer(exchange.answer.id, content=answer, state="done")
    return exchange.conversation.id


def list_titles(history: History, user_id: str = "ann") -> list[str]:
    """Return the titles as the list has them."""
    return [one.title for one in history.list_conversations(user_id)]


def search_titles(history: History, query: str, user_id: str = "ann") -> list[str]:
    """Return the titles of the conversations that are found."""
    return [hit.conversation.title for hit in history.search_conversations(user_id, query)]


def count_rows(url: str) -> tuple[int, ...]:
    """Return how many conversations, messages and attachments the database holds."""
    reader, _ = open_engines(url)
    with reader.begin() as db:
        counts = tuple(
            db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (conversations, messages, attachments)
        )
    reader.dispose()
    return counts


def list_texts(history: History, user_id: str, conversation_id: str) -> list[str]:
    """Return the texts of the visible messages."""
    return [message.content for message in history.list_messages(user_id, conversation_id)]
