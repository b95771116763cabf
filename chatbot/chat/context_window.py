"""Which messages are asked of a model with a context window of so many tokens.

Tokens are estimated here, since only the model's tokenizer can count them. An estimate decides what
is left out first and never what is refused: Ollama is asked to refuse what does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatbot.domain.generation_request import ChatMessage
from chatbot.domain.statistics import Statistics
from chatbot.errors import ContextOverflow

# Tokens for a byte, the middle of six tokenizers for 26 kinds of text (benchmarks/token_estimate.py
# has the error). Small letters come several in a token; digits, capitals and signs nearly alone.
_SMALL = b"abcdefghijklmnopqrstuvwxyz \t\r\n"
_ABOVE_ASCII = bytes(range(128, 256))
_PER_SMALL, _PER_DENSE, _PER_FOREIGN = 0.22, 0.8, 0.36
_RUNS = (b"    ", b"----", b"====")  # such a run is one token

_TOKENS_PER_MESSAGE = 5  # the template's role markers
_TOKENS_PER_IMAGE = 768  # what Ollama itself reckons with; models take 256 to some 3,000
_MOST_BYTES_PER_TOKEN = 12  # of a whole text, once each run of a character is one
_MOST_CHARS_PER_TOKEN = 64  # that are looked at

# How far the count of an answer may correct the estimate of the next one.
_LEAST_SCALE, _MOST_SCALE = 0.3, 4.0
# A count that is smaller than this part of the estimate is not of all that was sent.
_CUT = 1 / 3


class Answered(Protocol):
    """A message of the history, as far as it tells of tokens."""

    @property
    def model(self) -> str:
        """Return the model that wrote it."""

    @property
    def statistics(self) -> Statistics:
        """Return the statistics of an answer."""


def estimate_tokens(text: str) -> int:
    """Return the tokens of a message's text, half to double: see benchmarks/token_estimate.md."""
    data = text.encode(errors="replace")
    for run in _RUNS:
        data = data.replace(run, run[:1])
    dense = data.translate(None, _SMALL)
    signs = len(dense.translate(None, _ABOVE_ASCII))
    tokens = (
        _PER_SMALL * (len(data) - len(dense))
        + _PER_DENSE * signs
        + _PER_FOREIGN * (len(dense) - signs)
    )
    return round(tokens) + 1 + _TOKENS_PER_MESSAGE


def sum_tokens(messages: Iterable[ChatMessage], system_prompt: str = "") -> int:
    """Return the tokens of all that is sent, roughly: the system prompt, messages, images."""
    return estimate_tokens(system_prompt) + sum(map(_estimate_message, messages))


def _estimate_message(message: ChatMessage) -> int:
    return estimate_tokens(message.content) + _TOKENS_PER_IMAGE * len(message.images)


def compute_scale(messages: Sequence[Answered], model: str) -> float:
    """Return the factor for estimates, as the last counted answer of `model` shows it."""
    for message in reversed(messages):
        statistics = message.statistics
        counted, estimated = statistics.input_tokens, statistics.estimated
        if message.model == model and counted and estimated and not statistics.is_cut:
            return float(min(max(counted / estimated, _LEAST_SCALE), _MOST_SCALE))
    return 1.0


def count_used(statistics: Statistics) -> int:
    """Return the tokens of the context window after an answer with these statistics."""
    return statistics.input_tokens + statistics.output_tokens


def is_full(statistics: Statistics) -> bool:
    """Return whether the answer with these statistics ended because the context window was full."""
    is_at_end = 0 < statistics.num_ctx <= count_used(statistics)
    return statistics.done_reason == "length" and is_at_end


def is_cut(input_tokens: int, estimated: int, num_ctx: int) -> bool:
    """Return whether a model that counted so many tokens has not seen all that was sent.

    An Ollama that does not know how to refuse cuts: what it counts fills the window, or is far
    less than what was sent.
    """
    if not input_tokens or not num_ctx:
        return False
    return input_tokens >= num_ctx or (estimated > num_ctx / 2 and input_tokens < _CUT * estimated)


@dataclass(frozen=True, slots=True)
class FittedMessages:
    """The messages that fit, oldest first, how many older ones were left out, and their tokens.

    `estimated` includes the system prompt and is not scaled.
    """

    messages: list[ChatMessage]
    left_out: int
    estimated: int


def fit_messages(
    messages: Sequence[ChatMessage],
    system_prompt: str,
    num_ctx: int,
    num_predict: int,
    scaled: float = 1.0,
) -> FittedMessages:
    """Keep the newest messages that leave room for an answer, and always from the prompt on.

    The room is `num_predict` tokens, but at most a quarter of `num_ctx`. A kept conversation
    starts with a user's message, since most templates expect that. Raises ContextOverflow for a
    prompt that fits with no tokenizer.
    """
    first = _find_prompt(messages)
    text = "".join(message.content for message in messages[first:])
    if _count_minimum(text, num_ctx) > num_ctx:
        raise make_overflow(num_ctx, round(scaled * estimate_tokens(text)))
    room = (num_ctx - min(num_predict, num_ctx // 4)) / scaled
    kept = total = sum_tokens(messages[first:], system_prompt)
    for index in range(first - 1, -1, -1):
        total += _estimate_message(messages[index])
        if total > room:
            break
        if messages[index].role == "user":
            kept, first = total, index
    return FittedMessages(list(messages[first:]), first, kept)


def drop_oldest(messages: Sequence[ChatMessage], system_prompt: str) -> FittedMessages | None:
    """Leave out the oldest exchanges, a quarter of all at least; None if only the prompt is left.

    For a conversation that was estimated to fit and that Ollama has refused.
    """
    before = left = sum_tokens(messages, system_prompt)
    prompt = _find_prompt(messages)
    for index in range(1, prompt + 1):
        left -= _estimate_message(messages[index - 1])
        if messages[index].role == "user" and (4 * left <= 3 * before or index == prompt):
            return FittedMessages(list(messages[index:]), index, left)
    return None


def _find_prompt(messages: Sequence[ChatMessage]) -> int:
    """Return the place of the prompt, below which the beginning of its answer may stand."""
    return max(index for index, message in enumerate(messages) if message.role == "user")


def make_overflow(num_ctx: int, tokens: int | None = None) -> ContextOverflow:
    """Return the refusal of a prompt of about `tokens` for a window of `num_ctx`."""
    if tokens is None or tokens <= num_ctx:
        return ContextOverflow("context_overflow_uncounted", num_ctx=num_ctx)
    return ContextOverflow(tokens=tokens, num_ctx=num_ctx)


def _count_minimum(text: str, num_ctx: int) -> int:
    """Return the least tokens that a text has, by any tokenizer; 0 if far below `num_ctx`."""
    if len(text) <= 2 * num_ctx:
        return 0
    text = text[: _MOST_CHARS_PER_TOKEN * num_ctx]  # enough to tell, of a document of millions
    varied = re.sub(r"(.)\1+", r"\1", text, flags=re.DOTALL)
    least = len(varied.encode(errors="replace")) // _MOST_BYTES_PER_TOKEN
    return max(least, len(text.split()))  # no token goes over a word's end
