"""LangChain's part of the way to Ollama: messages as its own conversion makes them, and ends."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_ollama import ChatOllama

from chatbot.domain.generation_request import ChatMessage
from chatbot.llm.client import Llm
from chatbot.llm.langchain_adapter import PlainChat, to_messages
from chatbot.settings import Settings
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.server import FakeOllama
from tests.support.files import image
from tests.support.product import LoopThread

pytestmark = pytest.mark.contract

CONVERSATION = [
    ChatMessage("user", "One"),
    ChatMessage("assistant", "Two"),
    ChatMessage("user", "Three"),
]


def test_a_conversation_becomes_langchains_messages() -> None:
    system, first, second, third = to_messages("Be brief.", CONVERSATION)
    assert (type(system), system.content) == (SystemMessage, "Be brief.")
    assert (type(first), first.content) == (HumanMessage, "One")
    assert (type(second), second.content) == (AIMessage, "Two")
    assert (type(third), third.content) == (HumanMessage, "Three")


def test_texts_are_converted_as_langchain_would() -> None:
    messages = to_messages("Be brief.", CONVERSATION)
    own = PlainChat(model="m")._convert_messages_to_ollama_messages(messages)
    theirs: Any = ChatOllama(model="m")._convert_messages_to_ollama_messages(messages)
    assert [(one.role, one.content) for one in own] == [
        (one["role"], one["content"]) for one in theirs
    ]


def test_an_image_goes_with_its_message() -> None:
    data = image("PNG")
    messages = to_messages("", [ChatMessage("user", "Look", (data,))])
    (_, message) = PlainChat(model="m")._convert_messages_to_ollama_messages(messages)
    assert message.content == "Look"
    assert message.images and message.images[0].value == data


async def _stream(settings: Settings) -> list[Any]:
    llm = Llm(settings)
    chunks = [chunk async for chunk in llm._chat.astream("Hello", reasoning=True)]
    await llm.close()
    return chunks


def test_a_stream_has_text_thinking_and_ollamas_figures(
    fake: FakeOllama, settings: Settings, loop: LoopThread
) -> None:
    fake.set(thinking=["Let me see"], tokens=["Four"], prompt_tokens=7)
    chunks = loop.run(_stream(settings))
    thoughts = [chunk.additional_kwargs.get("reasoning_content") for chunk in chunks]
    assert "Let me see" in thoughts
    assert "".join(chunk.text for chunk in chunks) == "Four"
    (meta,) = (chunk.response_metadata for chunk in chunks if chunk.response_metadata.get("done"))
    assert (meta["prompt_eval_count"], meta["eval_count"], meta["done_reason"]) == (7, 1, "stop")


def test_what_does_not_fit_is_to_be_refused(
    fake: FakeOllama, settings: Settings, loop: LoopThread
) -> None:
    loop.run(_stream(settings))
    (body,) = fake.bodies()
    assert (body["truncate"], body["shift"]) == (False, False)


def test_an_answer_that_ends_with_load_ends_all_the_same(
    fake: FakeOllama, settings: Settings, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_line = shapes.last_line
    monkeypatch.setattr(
        shapes, "last_line", lambda *args, **kwargs: last_line(*args, **kwargs) | LOADED
    )
    assert any(chunk.response_metadata.get("done") for chunk in loop.run(_stream(settings)))


LOADED = {"done_reason": "load"}
