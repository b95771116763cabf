"""Prompts that are sent, and answers under way."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from chatbot.chat import abandonment, generations
from chatbot.chat.conversation_content import Draft
from chatbot.chat.generation import Generation
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.services import Services
from tests.support.exchanges import Send
from tests.support.fake_ollama.server import DEFAULT_MODEL
from tests.support.generations import Ask


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat looks around more often than it would."""
    monkeypatch.setattr(abandonment, "WATCH_S", 0.02)
    monkeypatch.setattr(generations, "RETRY_S", 0.02)


@pytest.fixture
def ask(quick: None, ready: Services) -> Ask:
    """Starts an answer with these fields."""

    def start(**fields: Any) -> Generation:
        request = GenerationRequest(DEFAULT_MODEL, [ChatMessage("user", "Hello")])
        return ready.generations.start(Generation(secrets.token_hex(4), request, **fields))

    return start


@pytest.fixture
def send(ready: Services) -> Send:
    """Sends a prompt of Ann's, into a new conversation unless one is named."""

    def act(
        prompt: str,
        conversation_id: str | None = None,
        user_id: str = "ann",
        watcher: Callable[[], bool] = lambda: True,
    ) -> Exchange:
        return ready.chat.send_prompt(
            user_id, conversation_id, Draft(prompt), DEFAULT_MODEL, watcher
        )

    return act
