"""The way to the fake Ollama."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot.llm.client import Llm
from chatbot.settings import Settings
from tests.support.product import LoopThread


@pytest.fixture
def llm(settings: Settings, loop: LoopThread) -> Iterator[Llm]:
    """The way to the fake Ollama."""
    made = Llm(settings)
    yield made
    loop.run(made.close())
