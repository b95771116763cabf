"""What a person can do to the list of conversations, and nobody else to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from chatbot.history import UNDO, History, NotFound, collection
from tests.support.histories import count_rows, list_titles, search_titles, store_exchange

DAY = 24 * 3600.0


def test_no_more_than_the_first_ones_are_listed_when_that_is_asked(history: History) -> None:
    for prompt in ("one", "two", "three"):
        store_exchange(history, prompt)
    assert [one.title for one in history.list_conversations("ann", 2)] == ["three", "two"]


def test_a_pinned_conversation_comes_first_until_it_is_unpinned(history: History) -> None:
    first = store_exchange(history, "one")
    store_exchange(history, "two")
    history.pin_conversation("ann", first, True)
    assert list_titles(history) == ["one", "two"]
    history.pin_conversation("ann", first, False)
    assert list_titles(history) == ["two", "one"]


def test_a_deletion_can_be_undone_for_some_minutes(
    history: History, url: str, later: Callable[[float], None]
) -> None:
    kept, gone = store_exchange(history, "kept"), store_exchange(history, "gone", "secret")
    history.delete_conversation("ann", gone)
    assert list_titles(history) == ["kept"] and search_titles(history, "secret") == []
    with pytest.raises(NotFound):
        history.list_messages("ann", gone)
    deletion = history.find_last_deletion("ann")
    assert deletion and (deletion.count, deletion.title) == (1, "gone")
    history.purge_deletions()
    assert history.undo_deletion("ann", deletion) == [gone]
    assert list_titles(history) == ["gone", "kept"] and history.find_last_deletion("ann") is None
    history.delete_conversation("ann", gone)
    later(UNDO + 1)
    assert history.find_last_deletion("ann") is None
    history.purge_deletions()
    assert count_rows(url)[:2] == (1, 2)
    assert [one.id for one in history.list_conversations("ann")] == [kept]
    assert history.undo_deletion("ann", replace(deletion, deleted_at=time.time())) == []


def test_deleting_all_is_one_deletion_and_touches_nobody_else(history: History) -> None:
    for prompt in ("one", "two", "three"):
        store_exchange(history, prompt)
    store_exchange(history, "of Eve", user_id="eve")
    history.delete_all_conversations("ann")
    assert list_titles(history) == [] and list_titles(history, "eve") == ["of Eve"]
    deletion = history.find_last_deletion("ann")
    assert deletion and deletion.count == 3
    assert (
        history.find_last_deletion("eve") is None and history.undo_deletion("eve", deletion) == []
    )
    assert len(history.undo_deletion("ann", deletion)) == 3
    assert list_titles(history) == ["three", "two", "one"]


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
    mine = store_exchange(history, "My secret")
    before = history.list_conversations("ann")
    with pytest.raises(NotFound):
        act(history, mine if known else "0" * 32)
    assert history.export_archives("eve") == [] == history.search_conversations("eve", "secret")
    history.delete_all_conversations("eve")
    assert history.list_conversations("ann") == before


def test_what_has_had_no_message_for_long_is_deleted_for_all(
    history: History, url: str, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "PURGE_STEP", 2)
    old = [store_exchange(history, f"old {number}") for number in range(4)]
    history.pin_conversation("ann", old[0], True)
    store_exchange(history, "of Eve", user_id="eve")
    history.purge_old(DAY)
    assert len(list_titles(history)) == 4
    later(DAY - 10)
    history.store_prompt("ann", old[1], "Again", "m")
    new = store_exchange(history, "new")
    later(20)
    history.rename_conversation("ann", old[2], "renamed")
    history.purge_old(DAY)
    assert {one.id for one in history.list_conversations("ann")} == {old[1], new}
    assert list_titles(history, "eve") == []
    assert count_rows(url)[:2] == (2, 6)


def test_of_several_processes_one_deletes_what_is_old(
    postgres_url: str, later: Callable[[float], None]
) -> None:
    history = History(postgres_url)
    store_exchange(history, "old")
    later(2 * DAY)
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('chatbot.retention'))")
        history.purge_old(DAY)
        assert list_titles(history) == ["old"]
    history.purge_old(DAY)
    assert list_titles(history) == []
    history.close()
