"""A summary stands for the oldest messages, so that the rest fits."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot.chat.context_window import estimate_tokens
from chatbot.chat.conversation_content import ConversationContent, Draft
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Summary
from chatbot.domain.messages import Message
from chatbot.domain.parameters import Parameters
from chatbot.errors import BadRequest, OllamaFailed
from chatbot.services import Services
from tests.support.fake_ollama.server import CRASHED, DEFAULT_MODEL, TOO_LONG, FakeOllama
from tests.support.product import LoopThread, wait_for


def _talk(ready: Services, *prompts: str, settings: ConversationSettings = DEFAULT_SETTINGS) -> str:
    """A conversation with these prompts, each answered."""
    conversation: str | None = None
    for prompt in prompts:
        exchange = ready.chat.send_prompt(
            "ann", conversation, Draft(prompt), DEFAULT_MODEL, lambda: True
        )
        conversation = exchange.conversation.id
        wait_for(lambda id=exchange.answer.id: ready.generations.find_generation(id) is None)  # type: ignore[misc]
    assert conversation is not None
    return conversation


def _path(ready: Services, conversation: str) -> list[Message]:
    return ready.history.list_messages("ann", conversation)


def _summarize(
    ready: Services, conversation: str, model: str = DEFAULT_MODEL
) -> ConversationSettings:
    return ready.chat.summarize_conversation("ann", conversation, model, lambda: True)


def test_the_older_half_is_summarized_and_the_model_then_gets_the_summary(
    fake: FakeOllama, ready: Services
) -> None:
    fake.tokens = ["Fine"]
    conversation = _talk(ready, "One", "Two", "Three", "Four")
    fake.tokens = ["They", " counted."]
    settings = _summarize(ready, conversation)
    asked = fake.bodies()[-1]["messages"][-1]["content"]
    assert "user: One\nassistant: Fine\nuser: Two\nassistant: Fine" in asked
    assert "Three" not in asked
    assert settings.summary == Summary("They counted.", _path(ready, conversation)[3].id)
    assert ready.history.get_conversation("ann", conversation).settings == settings
    exchange = ready.chat.send_prompt(
        "ann",
        conversation,
        Draft("Five"),
        DEFAULT_MODEL,
        lambda: True,
    )
    wait_for(lambda: ready.generations.find_generation(exchange.answer.id) is None)
    system, *rest = fake.bodies()[-1]["messages"]
    assert system["content"].endswith("Earlier in this conversation: They counted.")
    assert [one["content"] for one in rest] == ["Three", "Fine", "Four", "Fine", "Five"]


def test_a_second_summary_carries_the_first_on(fake: FakeOllama, ready: Services) -> None:
    conversation = _talk(ready, "One", "Two", "Three", "Four")
    fake.tokens = ["First", " part."]
    _summarize(ready, conversation)
    fake.tokens = ["Both."]
    _summarize(ready, conversation)
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
    assert ready.history.get_conversation("ann", conversation).settings == DEFAULT_SETTINGS


def test_a_summary_of_another_version_is_not_used(ready: Services) -> None:
    conversation = _talk(ready, "One", "Two")
    settings = ConversationSettings(summary=Summary("Old.", "another message"))
    messages = _path(ready, conversation)
    assert [
        one.content for one in ConversationContent(messages, settings=settings).chat_messages()
    ][:1] == ["One"]


def _configure(ready: Services, conversation: str, **parameters: Any) -> None:
    ready.history.save_settings(
        "ann", conversation, ConversationSettings("", Parameters(**parameters))
    )


@pytest.mark.configured(num_ctx=512, num_thread=1)
def test_a_summary_is_asked_with_what_loads_the_model_for_the_conversation(
    fake: FakeOllama, ready: Services
) -> None:
    conversation = _talk(ready, "One", "Two")
    _configure(ready, conversation, num_ctx=2048, keep_alive="1h", stop=["counted"], num_predict=7)
    fake.tokens = ["They", " counted."]
    assert _summarize(ready, conversation).summary
    asked = fake.bodies()[-1]
    assert asked["keep_alive"] == "1h"
    assert asked["options"] == {"num_ctx": 2048, "num_thread": 1, "num_predict": 300}


def test_a_thinking_model_is_told_not_to_think_and_has_room_if_it_does(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    conversation = _talk(ready, "One", "Two")
    fake.set(models=["thinker:1b"], capabilities={"thinker:1b": ["thinking"]})
    loop.run(ready.models.read_installed())
    _summarize(ready, conversation, "thinker:1b")
    asked = fake.bodies()[-1]
    assert asked["think"] is False
    assert asked["options"]["num_predict"] > 1000


@pytest.mark.configured(num_ctx=512)
def test_what_is_longer_than_the_window_is_summarized_in_parts(
    fake: FakeOllama, ready: Services
) -> None:
    prompts = [f"Fact {number}. " + "Words about it. " * 20 for number in range(12)]
    conversation = _talk(ready, *prompts)
    before = len(fake.bodies())
    fake.tokens = ["So", " far."]
    assert (summary := _summarize(ready, conversation).summary)
    assert summary.text == "So far."
    asked = [body["messages"][-1]["content"] for body in fake.bodies()[before:]]
    assert len(asked) > 1
    assert all("So far.\n" in text for text in asked[1:])
    assert all(estimate_tokens(text) < 512 for text in asked)
    assert all(any(prompt.strip() in text for text in asked) for prompt in prompts[:6])


def test_a_part_that_ollama_refuses_is_halved(fake: FakeOllama, ready: Services) -> None:
    conversation = _talk(ready, "One " * 100, "Two " * 100)
    fake.fail(TOO_LONG)
    assert _summarize(ready, conversation).summary
    assert [one["messages"][-1]["content"].count("One") for one in fake.bodies()[-3:]] != [100] * 3


def test_the_documents_of_the_older_half_are_summarized_too(
    fake: FakeOllama, ready: Services
) -> None:
    file = Attachment("plan.txt", "text/txt", 9, b"The plan.")
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Read", [file]), DEFAULT_MODEL, lambda: True
    )
    wait_for(lambda: ready.generations.find_generation(exchange.answer.id) is None)
    conversation = exchange.conversation.id
    exchange = ready.chat.send_prompt(
        "ann", conversation, Draft("More"), DEFAULT_MODEL, lambda: True
    )
    wait_for(lambda: ready.generations.find_generation(exchange.answer.id) is None)
    _summarize(ready, conversation)
    assert "The plan." in fake.bodies()[-1]["messages"][-1]["content"]
