"""A summary stands for the oldest messages, so that the rest fits."""

from __future__ import annotations

import pytest

from chatbot.conversation import Draft, Thread
from chatbot.errors import BadRequest, OllamaFailed
from chatbot.history import NO_SETUP, Message, Setup, Summary
from chatbot.services import Services
from chatbot.summary import summarize
from tests.fake_ollama import CRASHED, DEFAULT_MODEL, FakeOllama
from tests.product import wait_for


def _talk(ready: Services, *prompts: str, setup: Setup = NO_SETUP) -> str:
    """A conversation with these prompts, each answered."""
    conversation: str | None = None
    for prompt in prompts:
        before = _path(ready, conversation) if conversation else []
        turn = ready.conversations.send(
            "ann", conversation, Draft(prompt), DEFAULT_MODEL, lambda: True, Thread(before)
        )
        conversation = turn.conversation.id
        wait_for(lambda id=turn.answer.id: ready.answers.get(id) is None)  # type: ignore[misc]
    assert conversation is not None
    return conversation


def _path(ready: Services, conversation: str) -> list[Message]:
    return ready.history.messages("ann", conversation)


def _summarize(ready: Services, conversation: str, setup: Setup = NO_SETUP) -> Setup:
    return summarize(
        ready.answers, ready.history, "ann", conversation, DEFAULT_MODEL, setup, lambda: True
    )


def test_the_older_half_is_summarized_and_the_model_then_gets_the_summary(
    fake: FakeOllama, ready: Services
) -> None:
    fake.tokens = ["Fine"]
    conversation = _talk(ready, "One", "Two", "Three", "Four")
    fake.tokens = ["They", " counted."]
    setup = _summarize(ready, conversation)
    asked = fake.bodies()[-1]["messages"][-1]["content"]
    assert "user: One\nassistant: Fine\nuser: Two\nassistant: Fine" in asked
    assert "Three" not in asked
    assert setup.summary == Summary("They counted.", _path(ready, conversation)[3].id)
    assert ready.history.conversation("ann", conversation).setup == setup
    turn = ready.conversations.send(
        "ann",
        conversation,
        Draft("Five"),
        DEFAULT_MODEL,
        lambda: True,
        Thread(_path(ready, conversation), setup=setup),
    )
    wait_for(lambda: ready.answers.get(turn.answer.id) is None)
    system, *rest = fake.bodies()[-1]["messages"]
    assert system["content"].endswith("Earlier in this conversation: They counted.")
    assert [one["content"] for one in rest] == ["Three", "Fine", "Four", "Fine", "Five"]


def test_a_second_summary_carries_the_first_on(fake: FakeOllama, ready: Services) -> None:
    conversation = _talk(ready, "One", "Two", "Three", "Four")
    fake.tokens = ["First", " part."]
    setup = _summarize(ready, conversation)
    fake.tokens = ["Both."]
    _summarize(ready, conversation, setup)
    assert "First part." in fake.bodies()[-1]["messages"][-1]["content"]


def test_one_exchange_is_not_summarized(ready: Services) -> None:
    conversation = _talk(ready, "One")
    with pytest.raises(BadRequest, match="one exchange cannot be shortened"):
        _summarize(ready, conversation)


def test_a_failure_changes_nothing(fake: FakeOllama, ready: Services) -> None:
    conversation = _talk(ready, "One", "Two")
    fake.fail(CRASHED)
    with pytest.raises(OllamaFailed):
        _summarize(ready, conversation)
    fake.tokens = [" "]
    with pytest.raises(OllamaFailed, match="wrote no summary"):
        _summarize(ready, conversation)
    assert ready.history.conversation("ann", conversation).setup == NO_SETUP


def test_a_summary_of_another_version_is_not_used(ready: Services) -> None:
    conversation = _talk(ready, "One", "Two")
    setup = NO_SETUP._replace(summary=Summary("Old.", "another message"))
    messages = _path(ready, conversation)
    assert [one.content for one in Thread(messages, setup=setup).said()][:1] == ["One"]
