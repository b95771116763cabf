"""Fixtures of the tests of answers under way."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from chatbot.chat import abandonment, generations
from chatbot.chat.generation import Generation
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.services import Services
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
