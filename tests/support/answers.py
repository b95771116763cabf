"""Answers that tests have from a model, without a chat around it."""

from __future__ import annotations

from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.llm.client import Llm, Piece
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
)

HELLO = [ChatMessage("user", "Hello")]


SYSTEM = "Be brief."


async def collect_pieces(
    llm: Llm, messages: list[ChatMessage] = HELLO, model: str = DEFAULT_MODEL
) -> list[Piece]:
    """Return the pieces of an answer to the messages."""
    return [piece async for piece in llm.stream_answer(GenerationRequest(model, messages, SYSTEM))]
