"""Reading takes few statements and tells each user of their own alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from chatbot.history import History, NotFound
from chatbot.history.database import open_engines
from chatbot.history.schema import conversations


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collects the statements that are executed inside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "act",
    [
        lambda h, id: h.get_conversation("eve", id),
        lambda h, id: h.list_messages("eve", id),
        lambda h, id: h.store_prompt("eve", id, "Tell me.", "m"),
        lambda h, id: h.rename_conversation("eve", id, "Mine"),
        lambda h, id: h.delete_conversation("eve", id),
    ],
    ids=["conversation", "messages", "ask", "rename", "delete"],
)
def test_another_owners_conversation_is_like_one_that_does_not_exist(
    history: History, act: Callable[[History, str], object], known: bool
) -> None:
    exchange = history.store_prompt("ann", None, "My secret", "m")
    before = history.list_messages("ann", exchange.conversation.id)
    with pytest.raises(NotFound) as refusal:
        act(history, exchange.conversation.id if known else "0" * 32)
    assert refusal.value.sentence == "There is no such conversation. Choose one from the list."
    assert history.list_conversations("eve") == []
    assert history.list_conversations("ann") == [exchange.conversation]
    assert history.list_messages("ann", exchange.conversation.id) == before


def test_another_owner_cannot_have_an_answer_written_again(history: History) -> None:
    exchange = history.store_prompt("ann", None, "My secret", "m")
    with pytest.raises(NotFound):
        history.store_retry("eve", exchange.conversation.id, exchange.answer.id, "m")


@pytest.mark.parametrize("odd", ["\0", "\ud800", "%", "' OR 1=1 --", "é" * 5000])
def test_an_odd_id_is_not_found(history: History, odd: str) -> None:
    history.store_prompt("ann", None, "Hello", "m")
    with pytest.raises(NotFound):
        history.list_messages("ann", odd)
    with pytest.raises(NotFound):
        history.list_messages(odd, odd)


def test_the_list_has_pinned_conversations_first_then_those_asked_last(
    url: str, history: History, later: Callable[[float], None]
) -> None:
    ids = []
    for prompt in ("one", "two", "three"):
        ids.append(history.store_prompt("ann", None, prompt, "m").conversation.id)
        later(1)
    history.store_prompt("ann", ids[1], "again", "m")
    _, writer = open_engines(url)
    with writer.begin() as db:
        db.execute(conversations.update().where(conversations.c.id == ids[0]).values(pinned=True))
    writer.dispose()
    assert [one.title for one in history.list_conversations("ann")] == ["one", "two", "three"]


def test_reading_takes_few_statements_however_much_there_is(history: History) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    for _ in range(20):
        history.store_prompt("ann", None, "Hello", "m")
        history.store_prompt("ann", exchange.conversation.id, "Hello", "m")
    with counted_statements() as statements:
        assert len(history.list_conversations("ann")) == 21
        assert len(history.read_branch("ann", exchange.conversation.id).messages) == 42
    assert len(statements) == 1 + 3  # the list; a conversation, its messages and its files
