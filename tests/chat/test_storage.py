"""A visitor keeps so much; the last of the disk is for texts."""

from __future__ import annotations

import pytest

from chatbot.chat import storage
from chatbot.chat.conversation_content import Draft
from chatbot.chat.storage import StorageExceeded
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import new_conversation
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import new_message
from chatbot.services import Services
from tests.support.exchanges import Send, wait_until_answered
from tests.support.fake_ollama.server import DEFAULT_MODEL

NOTE = Attachment("note.txt", "text/plain", 5, b"hello")


def _make_archive(characters: int) -> ConversationArchive:
    conversation = new_conversation("", "Brought", DEFAULT_SETTINGS)
    message = new_message(conversation.id, None, "user", content="x" * characters)
    return ConversationArchive(conversation, [message])


@pytest.mark.configured(stored_mb_per_visitor=1)
def test_what_is_too_much_to_keep_is_refused_until_something_is_deleted(
    ready: Services, send: Send
) -> None:
    (kept,) = ready.chat.import_conversations("ann", [_make_archive(900_000)])
    with pytest.raises(StorageExceeded) as refusal:
        ready.chat.import_conversations("ann", [_make_archive(200_000)])
    assert refusal.value.sentence.startswith("Your conversations would take 2 MB, and one visitor")
    assert refusal.value.status == 507
    ready.chat.import_conversations("bob", [_make_archive(900_000)])
    wait_until_answered(ready, send("A text is kept below the bound"))
    ready.chat.delete_conversation("ann", kept)
    with pytest.raises(StorageExceeded):  # it can still be had back
        ready.chat.import_conversations("ann", [_make_archive(900_000)])


@pytest.mark.configured(conversations_per_visitor=2)
def test_one_conversation_too_many_is_refused_and_goes_once_another_is_deleted(
    ready: Services, send: Send
) -> None:
    first, second = send("One"), send("Two")
    for exchange in (first, second):
        wait_until_answered(ready, exchange)
    with pytest.raises(StorageExceeded) as refusal:
        send("Three")
    assert refusal.value.code == "too_many_conversations"
    wait_until_answered(ready, send("One more", first.conversation.id))
    ready.chat.delete_conversation("ann", second.conversation.id)
    wait_until_answered(ready, send("Three"))


def test_with_little_free_disk_texts_are_kept_and_files_are_not(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "FREE_FLOOR_MB", 10**9)
    with pytest.raises(StorageExceeded) as refusal:
        ready.chat.send_prompt("ann", None, Draft("Read", [NOTE]), DEFAULT_MODEL, lambda: True)
    assert refusal.value.code == "disk_nearly_full"
    wait_until_answered(ready, send("A text"))


def test_one_preset_too_many_is_refused_and_an_old_one_replaced(
    ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PRESETS_PER_VISITOR", 1)
    ready.chat.save_preset("ann", "One", DEFAULT_SETTINGS)
    with pytest.raises(StorageExceeded):
        ready.chat.save_preset("ann", "Two", DEFAULT_SETTINGS)
    ready.chat.save_preset("ann", "One", DEFAULT_SETTINGS)


def test_a_conversation_has_so_many_files(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "FILES_MB_PER_CONVERSATION", 8e-6)

    def send_note(conversation_id: str | None) -> Exchange:
        draft = Draft("Read", [NOTE])
        return ready.chat.send_prompt("ann", conversation_id, draft, DEFAULT_MODEL, lambda: True)

    exchange = send_note(None)
    wait_until_answered(ready, exchange)
    with pytest.raises(StorageExceeded) as refusal:
        send_note(exchange.conversation.id)
    assert refusal.value.code == "too_many_files_in_conversation"
    wait_until_answered(ready, send("A text", exchange.conversation.id))
    wait_until_answered(ready, send_note(None))


def test_a_conversation_has_so_much_text(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = send("x" * 60)
    wait_until_answered(ready, exchange)
    monkeypatch.setattr(storage, "TEXT_MB_PER_CONVERSATION", 1e-4)
    with pytest.raises(StorageExceeded) as refusal:
        send("y" * 60, exchange.conversation.id)
    assert refusal.value.code == "conversation_too_long"
    wait_until_answered(ready, send("y" * 60))
    with pytest.raises(StorageExceeded):
        ready.chat.import_conversations("ann", [_make_archive(10), _make_archive(101)])
    assert len(ready.chat.import_conversations("ann", [_make_archive(90)])) == 1
