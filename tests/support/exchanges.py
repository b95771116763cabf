"""Prompts that tests send: where their answers are found, and what the model was sent."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.chat.generation import Generation
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Message
from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import wait_for

Send = Callable[..., Exchange]


def list_path(ready: Services, exchange: Exchange) -> list[Message]:
    """Return the visible messages of the conversation of Ann's exchange."""
    return ready.history.list_messages("ann", exchange.conversation.id)


def wait_until_answered(ready: Services, exchange: Exchange) -> None:
    """Wait until the answer is over and kept."""
    wait_for(lambda: ready.generations.find_generation(exchange.answer.id) is None)


def find_answer(ready: Services, exchange: Exchange) -> Generation:
    """Return the answer under way."""
    answer = ready.generations.find_generation(exchange.answer.id)
    assert answer is not None
    return answer


def list_sent(fake: FakeOllama) -> list[str]:
    """Return what the model was sent last, without the system prompt."""
    return [one["content"] for one in fake.bodies()[-1]["messages"][1:]]
