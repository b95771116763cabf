"""Versions of messages, attachments, set-ups and presets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.parameters import Parameters
from chatbot.history import History, NotFound

NOTE = Attachment("note.txt", "text/txt", 4, b"Text")
PICTURE = Attachment("a.png", "image/png", 3, b"\x89PN", b"small")


def _texts(history: History, exchange: Exchange) -> list[str]:
    return [one.content for one in history.list_messages("ann", exchange.conversation.id)]


def _answered(history: History, exchange: Exchange, text: str) -> Exchange:
    history.finish_answer(exchange.answer.id, content=text, state="done")
    return exchange


@pytest.fixture
def talk(history: History) -> Callable[..., Exchange]:
    """Asks as Ann and gets an answer: `talk("Hello", "Good day")`."""

    def ask(
        prompt: str,
        answer: str,
        conversation_id: str | None = None,
        instead_of: str | None = None,
    ) -> Exchange:
        exchange = history.store_prompt("ann", conversation_id, prompt, "m", instead_of=instead_of)
        return _answered(history, exchange, answer)

    return ask


def test_an_edited_prompt_is_a_version_and_the_earlier_one_stays_reachable(
    history: History, talk: Callable[..., Exchange]
) -> None:
    first = talk("One", "1")
    conversation = first.conversation.id
    talk("Two", "2", conversation)
    edited = talk("Uno", "I", conversation, instead_of=first.prompt.id)
    assert _texts(history, first) == ["Uno", "I"]
    both = [first.prompt.id, edited.prompt.id]
    assert history.list_versions("ann", conversation) == dict.fromkeys(both, both)
    history.show_version("ann", conversation, first.prompt.id)
    assert _texts(history, first) == ["One", "1", "Two", "2"]
    history.show_version("ann", conversation, edited.prompt.id)
    assert _texts(history, first) == ["Uno", "I"]


def test_an_edit_in_the_middle_keeps_what_is_above(
    history: History, talk: Callable[..., Exchange]
) -> None:
    first = talk("One", "1")
    second = talk("Two", "2", first.conversation.id)
    talk("Deux", "II", first.conversation.id, instead_of=second.prompt.id)
    assert _texts(history, first) == ["One", "1", "Deux", "II"]


def test_answers_have_versions_too(history: History, talk: Callable[..., Exchange]) -> None:
    first = talk("One", "1")
    conversation = first.conversation.id
    again = _answered(
        history, history.store_retry("ann", conversation, first.answer.id, "m"), "eins"
    )
    assert history.list_versions("ann", conversation)[again.answer.id] == [
        first.answer.id,
        again.answer.id,
    ]
    history.show_version("ann", conversation, first.answer.id)
    assert _texts(history, first) == ["One", "1"]


def test_a_single_version_is_not_told_of(history: History, talk: Callable[..., Exchange]) -> None:
    first = talk("One", "1")
    assert history.list_versions("ann", first.conversation.id) == {}


def test_only_an_own_prompt_can_be_replaced(
    history: History, talk: Callable[..., Exchange]
) -> None:
    first, other = talk("One", "1"), talk("Other", "2")
    for wrong in (first.answer.id, other.prompt.id, "nothing"):
        with pytest.raises(NotFound):
            history.store_prompt("ann", first.conversation.id, "X", "m", instead_of=wrong)
    assert _texts(history, first) == ["One", "1"]


def test_attachments_stay_with_their_prompt_in_order(history: History) -> None:
    exchange = history.store_prompt("ann", None, "Look", "m", files=[NOTE, PICTURE])
    files = {exchange.prompt.id: [NOTE, PICTURE]}
    assert history.read_attachments("ann", [exchange.prompt.id, exchange.answer.id]) == files
    told = history.read_branch("ann", exchange.conversation.id).files[exchange.prompt.id]
    assert told == exchange.files
    assert [(file.name, file.size, file.is_image) for file in told] == [
        (NOTE.name, NOTE.size, False),
        (PICTURE.name, PICTURE.size, True),
    ]
    assert [history.get_attachment("ann", file.id) for file in told] == [NOTE, PICTURE]


def test_a_set_up_is_kept_and_stands_in_the_next_turn(
    history: History, talk: Callable[..., Exchange]
) -> None:
    settings = ConversationSettings("Be brief.", Parameters(temperature=0.5))
    exchange = history.store_prompt("ann", None, "Hello", "m", settings=settings)
    assert exchange.conversation.settings == settings
    changed = ConversationSettings("Be long.", Parameters(stop=("END",)))
    history.save_settings("ann", exchange.conversation.id, changed)
    assert talk("More", "2", exchange.conversation.id).conversation.settings == changed
    history.save_settings("ann", exchange.conversation.id, DEFAULT_SETTINGS)
    assert history.get_conversation("ann", exchange.conversation.id).settings == DEFAULT_SETTINGS


def test_nothing_of_another_visitor_can_be_reached(
    history: History, talk: Callable[..., Exchange]
) -> None:
    exchange = history.store_prompt("ann", None, "Look", "m", files=[NOTE])
    history.save_preset("ann", "Poet", DEFAULT_SETTINGS)
    conversation = exchange.conversation.id
    assert history.read_attachments("bob", [exchange.prompt.id]) == {}
    assert history.list_versions("bob", conversation) == {}
    assert history.list_presets("bob") == []
    for attempt in (
        lambda: history.show_version("bob", conversation, exchange.prompt.id),
        lambda: history.save_settings("bob", conversation, DEFAULT_SETTINGS),
        lambda: history.delete_preset("bob", "Poet"),
        lambda: history.store_prompt("bob", conversation, "X", "m", instead_of=exchange.prompt.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    foreign = talk("Mine", "1")
    with pytest.raises(NotFound):
        history.show_version("ann", foreign.conversation.id, exchange.prompt.id)
