"""What the tables hold: records as they are, and any character."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from sqlalchemy import func, insert, select

from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message
from chatbot.history import UNDO, History
from chatbot.history.database import open_engines
from chatbot.history.schema import attachments, conversations, messages
from tests.support.histories import list_texts


def test_characters_that_no_database_takes_do_not_lose_the_prompt(history: History) -> None:
    exchange = history.store_prompt("ann", None, "a\0b \ud800 😀 $5", "m")
    history.finish_answer(exchange.answer.id, content="c\0d", state="done")
    assert list_texts(history, "ann", exchange.conversation.id) == [
        "a\ufffdb \ufffd 😀 $5",
        "c\ufffdd",
    ]


def test_a_deleted_conversation_leaves_nothing_of_it_after_the_purge(
    url: str, history: History, later: Callable[[float], None]
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    for _ in range(600):  # deeper than SQLite follows cascades
        history.store_prompt("ann", exchange.conversation.id, "More", "m")
    kept = history.store_prompt("ann", None, "Other", "m")
    file = {"name": "a.txt", "media_type": "text/plain", "size": 1, "data": b"a"}
    _, writer = open_engines(url)
    with writer.begin() as db:
        for number, one in enumerate((exchange, kept)):
            row = {"id": str(number), "message_id": one.prompt.id, **file}
            db.execute(insert(attachments), row)
    history.delete_conversation("ann", exchange.conversation.id)
    later(UNDO + 1)
    history.purge_deletions()
    tables = (conversations, messages, attachments)
    with writer.begin() as db:
        counts = [db.scalar(select(func.count()).select_from(table)) for table in tables]
    writer.dispose()
    assert counts == [1, 2, 1]
    assert history.list_conversations("ann") == [kept.conversation]


def test_records_have_their_tables_columns_in_order() -> None:
    assert [one.name for one in fields(Conversation)] == conversations.c.keys()
    assert [one.name for one in fields(Message)] == messages.c.keys()
