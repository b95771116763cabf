"""Which messages still fit the context window: Ollama cuts silently, here it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.errors import ContextOverflow
from chatbot.llm import Said

_BYTES_PER_TOKEN = 4
_TOKENS_PER_MESSAGE = 5  # the template's role markers


def estimate(text: str) -> int:
    """Tokens of `text`, roughly: four UTF-8 bytes each, which is right within a third for prose."""
    return len(text.encode()) // _BYTES_PER_TOKEN + 1 + _TOKENS_PER_MESSAGE


def used(stats: Mapping[str, Any]) -> int:
    """Tokens of the context window after an answer with these statistics."""
    return (stats.get("input_tokens") or 0) + (stats.get("output_tokens") or 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """The messages that fit, oldest first, and how many older ones were left out."""

    said: list[Said]
    left_out: int
    tokens: int


def fit(said: Sequence[Said], system_prompt: str, num_ctx: int, num_predict: int) -> Fit:
    """Keeps the newest messages that leave room for an answer; raises ContextOverflow if none do.

    The room is `num_predict` tokens, but at most a quarter of `num_ctx`. A kept conversation
    starts with a user's message, since most templates expect that.
    """
    room = num_ctx - min(num_predict, num_ctx // 4) - estimate(system_prompt)
    used, first = 0, len(said)
    for index in range(len(said) - 1, -1, -1):
        tokens = estimate(said[index].content)
        if used + tokens > room:
            break
        used += tokens
        if said[index].role == "user":
            first = index
    if first == len(said):
        raise ContextOverflow(
            f"This prompt has about {estimate(said[-1].content)} tokens, and the context window "
            f"holds {num_ctx} with the answer. Shorten it, or raise NUM_CTX."
        )
    return Fit(list(said[first:]), first, used)
