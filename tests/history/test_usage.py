"""What a user keeps is measured, deleted conversations included until they are gone."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.history import History, Usage
from tests.support.histories import store_exchange


def test_texts_and_files_count_by_their_bytes_and_for_their_owner_alone(history: History) -> None:
    assert history.measure_usage("ann") == Usage(0, 0)
    store_exchange(history, "Größe", "天空")
    file = Attachment("note.txt", "text/plain", 99, b"12345")
    settings = ConversationSettings("Be brief")
    history.store_prompt("ann", None, "Hi", "m", files=[file], settings=settings)
    store_exchange(history, "Mine", user_id="bob")
    assert history.measure_usage("ann") == Usage(2, 7 + 6 + 2 + 5 + 8)


def test_what_is_deleted_takes_room_until_it_is_gone(
    history: History, later: Callable[[float], None]
) -> None:
    conversation = store_exchange(history, "Hello")
    history.delete_conversation("ann", conversation)
    assert history.measure_usage("ann") == Usage(0, 5)
    later(400)
    history.purge_deletions()
    assert history.measure_usage("ann") == Usage(0, 0)


def test_the_free_disk_is_known_for_a_file_alone(history: History, url: str) -> None:
    free = history.find_free_bytes()
    assert free is None if url.startswith("postgresql") else free
