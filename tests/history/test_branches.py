"""Versions of messages, attachments, set-ups and presets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.attachments.reader import Attachment
from chatbot.history import NO_SETUP, History, NotFound, Setup, Turn

NOTE = Attachment("note.txt", "text/txt", 4, b"Text")
PICTURE = Attachment("a.png", "image/png", 3, b"\x89PN")


def _texts(history: History, turn: Turn) -> list[str]:
    return [one.content for one in history.messages("ann", turn.conversation.id)]


def _answered(history: History, turn: Turn, text: str) -> Turn:
    history.finish(turn.answer.id, content=text, state="done")
    return turn


@pytest.fixture
def talk(history: History) -> Callable[..., Turn]:
    """Asks as Ann and gets an answer: `talk("Hello", "Good day")`."""

    def ask(
        prompt: str,
        answer: str,
        conversation_id: str | None = None,
        instead_of: str | None = None,
    ) -> Turn:
        turn = history.ask("ann", conversation_id, prompt, "m", instead_of=instead_of)
        return _answered(history, turn, answer)

    return ask


def test_an_edited_prompt_is_a_version_and_the_earlier_one_stays_reachable(
    history: History, talk: Callable[..., Turn]
) -> None:
    first = talk("One", "1")
    conversation = first.conversation.id
    talk("Two", "2", conversation)
    edited = talk("Uno", "I", conversation, instead_of=first.question.id)
    assert _texts(history, first) == ["Uno", "I"]
    both = [first.question.id, edited.question.id]
    assert history.versions("ann", conversation) == dict.fromkeys(both, both)
    history.show("ann", conversation, first.question.id)
    assert _texts(history, first) == ["One", "1", "Two", "2"]
    history.show("ann", conversation, edited.question.id)
    assert _texts(history, first) == ["Uno", "I"]


def test_an_edit_in_the_middle_keeps_what_is_above(
    history: History, talk: Callable[..., Turn]
) -> None:
    first = talk("One", "1")
    second = talk("Two", "2", first.conversation.id)
    talk("Deux", "II", first.conversation.id, instead_of=second.question.id)
    assert _texts(history, first) == ["One", "1", "Deux", "II"]


def test_answers_have_versions_too(history: History, talk: Callable[..., Turn]) -> None:
    first = talk("One", "1")
    conversation = first.conversation.id
    again = _answered(history, history.retry("ann", conversation, first.answer.id, "m"), "eins")
    assert history.versions("ann", conversation)[again.answer.id] == [
        first.answer.id,
        again.answer.id,
    ]
    history.show("ann", conversation, first.answer.id)
    assert _texts(history, first) == ["One", "1"]


def test_a_single_version_is_not_told_of(history: History, talk: Callable[..., Turn]) -> None:
    first = talk("One", "1")
    assert history.versions("ann", first.conversation.id) == {}


def test_only_an_own_prompt_can_be_replaced(history: History, talk: Callable[..., Turn]) -> None:
    first, other = talk("One", "1"), talk("Other", "2")
    for wrong in (first.answer.id, other.question.id, "nothing"):
        with pytest.raises(NotFound):
            history.ask("ann", first.conversation.id, "X", "m", instead_of=wrong)
    assert _texts(history, first) == ["One", "1"]


def test_attachments_stay_with_their_prompt_in_order(history: History) -> None:
    turn = history.ask("ann", None, "Look", "m", files=[NOTE, PICTURE])
    assert history.files("ann", turn.conversation.id) == {turn.question.id: [NOTE, PICTURE]}


def test_a_set_up_is_kept_and_stands_in_the_next_turn(
    history: History, talk: Callable[..., Turn]
) -> None:
    setup = Setup("Be brief.", {"temperature": 0.5})
    turn = history.ask("ann", None, "Hello", "m", setup=setup)
    assert turn.conversation.setup == setup
    changed = Setup("Be long.", {"stop": ["END"]})
    history.configure("ann", turn.conversation.id, changed)
    assert talk("More", "2", turn.conversation.id).conversation.setup == changed
    history.configure("ann", turn.conversation.id, NO_SETUP)
    assert history.conversation("ann", turn.conversation.id).setup == NO_SETUP


def test_presets_are_saved_replaced_and_deleted(history: History) -> None:
    history.save_preset("ann", "Poet", Setup("Rhyme.", {}))
    history.save_preset("ann", "Clerk", Setup("Be dry.", {"temperature": 0.0}))
    history.save_preset("ann", "Poet", Setup("Rhyme more.", {}))
    found = [(one.name, one.system_prompt) for one in history.presets("ann")]
    assert found == [("Clerk", "Be dry."), ("Poet", "Rhyme more.")]
    history.delete_preset("ann", "Poet")
    assert [one.name for one in history.presets("ann")] == ["Clerk"]


def test_nothing_of_another_visitor_can_be_reached(
    history: History, talk: Callable[..., Turn]
) -> None:
    turn = history.ask("ann", None, "Look", "m", files=[NOTE])
    history.save_preset("ann", "Poet", NO_SETUP)
    conversation = turn.conversation.id
    assert history.files("bob", conversation) == {}
    assert history.versions("bob", conversation) == {}
    assert history.presets("bob") == []
    for attempt in (
        lambda: history.show("bob", conversation, turn.question.id),
        lambda: history.configure("bob", conversation, NO_SETUP),
        lambda: history.delete_preset("bob", "Poet"),
        lambda: history.ask("bob", conversation, "X", "m", instead_of=turn.question.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    foreign = talk("Mine", "1")
    with pytest.raises(NotFound):
        history.show("ann", foreign.conversation.id, turn.question.id)
