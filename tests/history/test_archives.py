"""Conversations go out and in as a whole, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation, new_conversation
from chatbot.domain.messages import Message, new_message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.history import History, HistoryUnavailable, archives
from chatbot.history.database import open_engines
from chatbot.history.schema import make_row, messages
from tests.support.histories import count_rows, list_titles, store_exchange


def make_archive() -> ConversationArchive:
    """A conversation with two versions of an answer, and a file."""
    conversation = replace(
        new_conversation("someone", "Whole"), pinned=True, model="m", system_prompt="Be brief.",
        parameters=Parameters(temperature=0.5), created_at=1.5, updated_at=2.5,
    )  # fmt: skip
    question = new_message(conversation.id, None, "user", content="What is it?")
    first, second = (
        replace(
            new_message(conversation.id, question.id, "assistant", content=text, model="m"),
            thinking="Hm.", statistics=Statistics(output_tokens=3), created_at=number,
        )
        for number, text in enumerate(("A cat", "A dog"))
    )  # fmt: skip
    files = {
        question.id: [
            Attachment("b.png", "image/png", 3, b"\0\1\2", b"\3"),
            Attachment("a.txt", "t", 1, b"a"),
        ]
    }
    return ConversationArchive(
        replace(conversation, head_id=second.id), [question, first, second], files
    )


def nameless(one: Conversation | Message) -> Conversation | Message:
    """The record without what is new in a copy."""
    if isinstance(one, Conversation):
        return replace(one, id="", user_id="", head_id=None)
    return replace(one, id="", conversation_id="", parent_id=None)


def test_a_whole_conversation_goes_out_and_in_unchanged_but_for_its_ids(
    history: History, url: str
) -> None:
    (first,) = history.import_archives("ann", [make_archive()])
    (second,) = history.import_archives("bob", history.export_archives("ann", first))
    copies = [*history.export_archives("ann", first), *history.export_archives("bob", second)]
    for copy in copies:
        assert nameless(copy.conversation) == nameless(make_archive().conversation)
        assert [one.content for one in copy.messages] == ["What is it?", "A cat", "A dog"]
        assert (
            copy.messages[2].statistics == Statistics(output_tokens=3)
            and copy.messages[2].thinking == "Hm."
        )
        assert copy.conversation.head_id == copy.messages[2].id
        assert list(copy.files.values()) == list(make_archive().files.values())
    ids = [{copy.conversation.id, *(one.id for one in copy.messages)} for copy in copies]
    assert not ids[0] & ids[1]
    assert history.list_messages("bob", second)[1].content == "A dog"
    assert count_rows(url) == (2, 6, 4)


def test_all_conversations_or_none_are_added(history: History, url: str) -> None:
    broken = make_archive()
    stray = replace(broken.messages[1], parent_id=None, model=None)  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017
        history.import_archives(
            "ann", [make_archive(), replace(broken, messages=[broken.messages[0], stray])]
        )
    assert count_rows(url) == (0, 0, 0)


def test_messages_that_belong_nowhere_are_not_exported(history: History, url: str) -> None:
    mine = store_exchange(history, "one")
    stray = replace(new_message(mine, None, "user"), id="stray", parent_id="stray")
    _, writer = open_engines(url)
    with writer.begin() as db:
        db.execute(insert(messages), make_row(stray))
    writer.dispose()
    (exported,) = history.export_archives("ann", mine)
    assert [one.content for one in exported.messages] == ["one", ""]


def test_conversations_are_added_all_or_none_and_in_their_order(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "STEP", 1)
    new = [replace(make_archive(), conversation=new_conversation("", str(n))) for n in range(9)]
    same = [replace(one, conversation=replace(one.conversation, updated_at=1.0)) for one in new]
    history.import_archives("ann", same)
    assert list_titles(history) == [str(n) for n in range(9)]
    one = make_archive()
    bad = replace(one, messages=[replace(message, content=None) for message in one.messages])  # type: ignore[arg-type]
    with pytest.raises(HistoryUnavailable):
        history.import_archives("eve", [*same, bad])
    assert list_titles(history, "eve") == []
