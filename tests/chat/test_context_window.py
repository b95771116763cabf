"""What of a long conversation the model still sees."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.chat.context_window import (
    compute_scale,
    drop_oldest,
    estimate_tokens,
    fit_messages,
    is_cut,
    is_full,
    sum_tokens,
)
from chatbot.domain.generation_request import ChatMessage
from chatbot.domain.statistics import Statistics
from chatbot.errors import ContextOverflow

TOKENS_100 = "word " * 75  # 375 bytes and the template's markers


def _talk(turns: int) -> list[ChatMessage]:
    both = (ChatMessage("user", TOKENS_100), ChatMessage("assistant", TOKENS_100))
    return [one for _ in range(turns) for one in both]


def test_a_short_conversation_is_kept_whole() -> None:
    messages = [*_talk(2), ChatMessage("user", "And then?")]
    found = fit_messages(messages, "Be brief.", num_ctx=4096, num_predict=2048)
    assert (found.messages, found.left_out) == (messages, 0)


def test_the_oldest_turns_are_left_out_and_counted() -> None:
    messages = [*_talk(10), ChatMessage("user", "And then?")]
    found = fit_messages(messages, "Be brief.", num_ctx=1024, num_predict=256)
    assert found.messages == messages[found.left_out :]
    assert 0 < found.left_out < len(messages)
    assert found.estimated == sum_tokens(found.messages, "Be brief.") <= 1024 - 256


@pytest.mark.parametrize("num_ctx", range(512, 1600, 100))
def test_what_is_kept_begins_with_a_user(num_ctx: int) -> None:
    messages = [*_talk(10), ChatMessage("user", "And then?")]
    assert fit_messages(messages, "Be brief.", num_ctx, num_predict=2048).messages[0].role == "user"


def test_a_long_answer_may_take_a_quarter_of_the_window_at_most() -> None:
    messages = [*_talk(1), ChatMessage("user", "And then?")]
    room = sum_tokens(messages, "")
    assert fit_messages(messages, "", room * 4 // 3 + 2, num_predict=100_000).left_out == 0
    assert fit_messages(messages, "", room * 4 // 3 - 8, num_predict=100_000).left_out == 2


def test_what_earlier_answers_counted_corrects_the_estimate() -> None:
    messages = [*_talk(10), ChatMessage("user", "And then?")]
    window = round(1.5 * sum_tokens(messages, ""))
    assert fit_messages(messages, "", window, num_predict=1).left_out == 0
    assert fit_messages(messages, "", window, num_predict=1, scaled=3).left_out > 0


def _answered(model: str = "test:1b", **statistics: Any) -> SimpleNamespace:
    return SimpleNamespace(model=model, statistics=Statistics(**statistics))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], 1),
        ([_answered()], 1),
        ([_answered(input_tokens=150, estimated=100)], 1.5),
        ([_answered(input_tokens=150, estimated=100), _answered()], 1.5),
        ([_answered(input_tokens=150, estimated=100, model="other:1b")], 1),
        ([_answered(input_tokens=150, estimated=100, is_cut=True)], 1),
        ([_answered(input_tokens=9000, estimated=100)], 4),
    ],
)
def test_an_estimate_is_scaled_by_the_models_last_count(
    answers: list[SimpleNamespace], expected: float
) -> None:
    assert compute_scale(answers, "test:1b") == expected


def test_a_prompt_that_may_fit_is_kept_however_much_it_seems() -> None:
    prompt = [ChatMessage("user", "0123456789" * 400)]
    assert estimate_tokens(prompt[0].content) > 1024
    assert fit_messages(prompt, "", num_ctx=1024, num_predict=256).messages == prompt
    rule = [ChatMessage("user", "-" * 100_000)]
    assert fit_messages(rule, "", num_ctx=1024, num_predict=256).messages == rule


def test_a_prompt_that_fits_with_no_tokenizer_is_refused_with_its_length_and_the_cure() -> None:
    prompt = ChatMessage("user", "word " * 1025)
    with pytest.raises(ContextOverflow) as refusal:
        fit_messages([*_talk(1), prompt], "Be brief.", num_ctx=1024, num_predict=256)
    assert refusal.value.sentence == (
        f"This prompt has about {estimate_tokens(prompt.content):,} tokens, and the "
        "context window holds 1,024 with the answer. Shorten it, or raise the context window "
        "(Settings)."
    )


def test_what_ollama_refuses_is_shortened_by_whole_exchanges() -> None:
    messages = [*_talk(10), ChatMessage("user", "And then?")]
    left_out, rest = 0, messages
    while shorter := drop_oldest(rest, "Be brief."):
        assert shorter.messages == rest[shorter.left_out :]
        assert shorter.messages[0].role == "user"
        assert shorter.estimated == sum_tokens(shorter.messages, "Be brief.")
        left_out, rest = left_out + shorter.left_out, shorter.messages
    assert (left_out, rest) == (20, messages[-1:])


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 180, 240),
        ("3141592653" * 100, 700, 1100),
        ("215,542,521,721,598\n" * 50, 700, 1000),
        ("我们明天再讨论这个问题。" * 50, 300, 700),
        ("    x = 1\n" * 50, 100, 300),
        ("-" * 1000, 1, 250),
    ],
)
def test_an_estimate_depends_on_the_kind_of_text(text: str, least: int, most: int) -> None:
    assert least <= estimate_tokens(text) <= most


def test_an_image_takes_room_too() -> None:
    with_image = ChatMessage("user", "What is this?", (b"image",))
    assert sum_tokens([with_image]) > sum_tokens([ChatMessage("user", "What is this?")]) + 250


@pytest.mark.parametrize(
    ("counted", "estimated", "expected"),
    [
        (1024, 500, True),
        (1023, 500, False),
        (300, 1000, True),
        (400, 1000, False),
        (20, 400, False),
        (0, 1000, False),
    ],
)
def test_a_count_shows_whether_the_prompt_was_cut(
    counted: int, estimated: int, expected: bool
) -> None:
    assert is_cut(counted, estimated, num_ctx=1024) is expected


def test_the_end_of_the_window_and_the_longest_answer_are_told_apart() -> None:
    statistics = Statistics(done_reason="length", input_tokens=800, output_tokens=225, num_ctx=1024)
    assert is_full(statistics)
    assert not is_full(replace(statistics, output_tokens=200))
    assert not is_full(replace(statistics, done_reason="stop"))
    assert not is_full(replace(statistics, num_ctx=0))
