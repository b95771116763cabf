"""What a person can do to the list of conversations, and nobody else to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation, new_conversation
from chatbot.domain.messages import Message, new_message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.history import UNDO, History, HistoryUnavailable, NotFound, archives
from chatbot.history.database import open_engines
from chatbot.history.schema import attachments, conversations, make_row, messages


def say(history: History, prompt: str, answer: str = "", user_id: str = "ann") -> str:
    """A new conversation of one exchange; returns its id."""
    exchange = history.store_prompt(user_id, None, prompt, "m")
    history.finish_answer(exchange.answer.id, content=answer, state="done")
    return exchange.conversation.id


def titles(history: History, user_id: str = "ann") -> list[str]:
    return [one.title for one in history.list_conversations(user_id)]


def found(history: History, query: str, user_id: str = "ann") -> list[str]:
    return [hit.conversation.title for hit in history.search_conversations(user_id, query)]


def rows(url: str) -> tuple[int, ...]:
    """How many conversations, messages and attachments the database holds."""
    reader, _ = open_engines(url)
    with reader.begin() as db:
        counts = tuple(
            db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (conversations, messages, attachments)
        )
    reader.dispose()
    return counts


def test_no_more_than_the_first_ones_are_listed_when_that_is_asked(history: History) -> None:
    for prompt in ("one", "two", "three"):
        say(history, prompt)
    assert [one.title for one in history.list_conversations("ann", 2)] == ["three", "two"]


def test_a_pinned_conversation_comes_first_until_it_is_unpinned(history: History) -> None:
    first = say(history, "one")
    say(history, "two")
    history.pin_conversation("ann", first, True)
    assert titles(history) == ["one", "two"]
    history.pin_conversation("ann", first, False)
    assert titles(history) == ["two", "one"]


def test_words_are_found_in_titles_and_messages_of_the_owner_alone(history: History) -> None:
    say(history, "About cats", "They purr.")
    say(history, "About dogs", "They BARK, and Ärger is near. 天空为什么是蓝色的")
    say(history, "About cats of Eve", user_id="eve")
    assert found(history, "cats") == ["About cats"]
    assert found(history, "PURR they") == ["About cats"]
    assert found(history, "about") == ["About dogs", "About cats"]
    assert found(history, "bark") == found(history, "ärger") == found(history, "ÄRGER")
    assert found(history, "蓝色") == ["About dogs"]
    assert found(history, "cats bark") == found(history, "  ") == found(history, "nowhere") == []


@pytest.mark.parametrize(
    "special", ["100%", "a_b", "back\\slash", "it's", '"quoted"', "/", "c++(", "[x]", "$5", "***="]
)
def test_special_characters_are_found_as_they_stand(history: History, special: str) -> None:
    say(history, "One", f"before {special} after")
    say(history, "Two", "100 aXb backslash its quoted cc x 5")
    assert found(history, special) == ["One"]


def test_a_hit_shows_where_the_words_are(history: History) -> None:
    say(history, "One", "word " * 50 + "here is\nthe needle in the hay" + " word" * 50)
    (hit,) = history.search_conversations("ann", "NEEDLE hay")
    assert [text for text, is_hit in hit.excerpt if is_hit] == ["needle", "hay"]
    excerpt = "".join(text for text, _ in hit.excerpt)
    assert "here is the needle in the hay" in excerpt
    assert excerpt.startswith("…") and excerpt.endswith("…") and len(excerpt) <= 125


def test_one_conversation_is_found_once_by_its_last_message(history: History) -> None:
    exchange = history.store_prompt("ann", None, "needle one", "m")
    history.store_prompt("ann", exchange.conversation.id, "needle two", "m")
    (hit,) = history.search_conversations("ann", "needle")
    assert "".join(text for text, _ in hit.excerpt) == "needle two"


def test_a_deletion_can_be_undone_for_some_minutes(
    history: History, url: str, later: Callable[[float], None]
) -> None:
    kept, gone = say(history, "kept"), say(history, "gone", "secret")
    history.delete_conversation("ann", gone)
    assert titles(history) == ["kept"] and found(history, "secret") == []
    with pytest.raises(NotFound):
        history.list_messages("ann", gone)
    deletion = history.find_last_deletion("ann")
    assert deletion and (deletion.count, deletion.title) == (1, "gone")
    history.purge_deletions()
    assert history.undo_deletion("ann", deletion) == [gone]
    assert titles(history) == ["gone", "kept"] and history.find_last_deletion("ann") is None
    history.delete_conversation("ann", gone)
    later(UNDO + 1)
    assert history.find_last_deletion("ann") is None
    history.purge_deletions()
    assert rows(url)[:2] == (1, 2)
    assert [one.id for one in history.list_conversations("ann")] == [kept]
    assert history.undo_deletion("ann", replace(deletion, deleted_at=time.time())) == []


def test_deleting_all_is_one_deletion_and_touches_nobody_else(history: History) -> None:
    for prompt in ("one", "two", "three"):
        say(history, prompt)
    say(history, "of Eve", user_id="eve")
    history.delete_all_conversations("ann")
    assert titles(history) == [] and titles(history, "eve") == ["of Eve"]
    deletion = history.find_last_deletion("ann")
    assert deletion and deletion.count == 3
    assert (
        history.find_last_deletion("eve") is None and history.undo_deletion("eve", deletion) == []
    )
    assert len(history.undo_deletion("ann", deletion)) == 3
    assert titles(history) == ["three", "two", "one"]


def test_an_answer_that_ends_after_its_conversation_was_deleted_is_there_again(
    history: History,
) -> None:
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.delete_conversation("ann", exchange.conversation.id)
    assert history.finish_answer(exchange.answer.id, content="Hi", state="done")
    deletion = history.find_last_deletion("ann")
    assert deletion and history.undo_deletion("ann", deletion)
    assert history.list_messages("ann", exchange.conversation.id)[1].content == "Hi"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "act",
    [
        lambda h, id: h.pin_conversation("eve", id, True),
        lambda h, id: h.delete_conversation("eve", id),
        lambda h, id: h.rename_conversation("eve", id, "Mine"),
        lambda h, id: h.export_archives("eve", id),
    ],
    ids=["pin", "delete", "rename", "export"],
)
def test_another_owners_conversation_is_like_one_that_does_not_exist(
    history: History, act: Callable[[History, str], object], known: bool
) -> None:
    mine = say(history, "My secret")
    before = history.list_conversations("ann")
    with pytest.raises(NotFound):
        act(history, mine if known else "0" * 32)
    assert history.export_archives("eve") == [] == history.search_conversations("eve", "secret")
    history.delete_all_conversations("eve")
    assert history.list_conversations("ann") == before


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
            Attachment("b.png", "image/png", 3, b"\0\1\2"),
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
    assert rows(url) == (2, 6, 4)


def test_all_conversations_or_none_are_added(history: History, url: str) -> None:
    broken = make_archive()
    stray = replace(broken.messages[1], parent_id=None, model=None)  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017
        history.import_archives(
            "ann", [make_archive(), replace(broken, messages=[broken.messages[0], stray])]
        )
    assert rows(url) == (0, 0, 0)


def test_messages_that_belong_nowhere_are_not_exported(history: History, url: str) -> None:
    mine = say(history, "one")
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
    assert titles(history) == [str(n) for n in range(9)]
    one = make_archive()
    bad = replace(one, messages=[replace(message, content=None) for message in one.messages])  # type: ignore[arg-type]
    with pytest.raises(HistoryUnavailable):
        history.import_archives("eve", [*same, bad])
    assert titles(history, "eve") == []
