"""What of a long conversation the model still sees."""

from __future__ import annotations

import pytest

from chatbot.context import estimate, fit
from chatbot.errors import ContextOverflow
from chatbot.llm import Said

TOKENS_100 = "word " * 75  # 375 bytes and the template's markers


def _talk(turns: int) -> list[Said]:
    both = (Said("user", TOKENS_100), Said("assistant", TOKENS_100))
    return [one for _ in range(turns) for one in both]


def test_a_short_conversation_is_kept_whole() -> None:
    said = [*_talk(2), Said("user", "And then?")]
    found = fit(said, "Be brief.", num_ctx=4096, num_predict=2048)
    assert (found.said, found.left_out) == (said, 0)


def test_the_oldest_turns_are_left_out_and_counted() -> None:
    said = [*_talk(10), Said("user", "And then?")]
    found = fit(said, "Be brief.", num_ctx=1024, num_predict=256)
    assert found.said == said[found.left_out :]
    assert 0 < found.left_out < len(said)
    assert found.tokens + estimate("Be brief.") + 256 <= 1024


@pytest.mark.parametrize("num_ctx", range(512, 1600, 100))
def test_what_is_kept_begins_with_a_user(num_ctx: int) -> None:
    said = [*_talk(10), Said("user", "And then?")]
    assert fit(said, "Be brief.", num_ctx, num_predict=2048).said[0].role == "user"


def test_a_long_answer_may_take_a_quarter_of_the_window_at_most() -> None:
    prompt = [Said("user", "a" * 4 * 650)]
    assert fit(prompt, "", num_ctx=1024, num_predict=100_000).said == prompt
    with pytest.raises(ContextOverflow):
        fit([Said("user", "a" * 4 * 800)], "", num_ctx=1024, num_predict=100_000)


def test_a_prompt_that_does_not_fit_alone_is_refused_with_its_length_and_the_cure() -> None:
    with pytest.raises(ContextOverflow) as refusal:
        fit([*_talk(1), Said("user", "a" * 8000)], "Be brief.", num_ctx=1024, num_predict=256)
    assert refusal.value.sentence == (
        "This prompt has about 2006 tokens, and the context window holds 1024 with the answer. "
        "Shorten it, or raise NUM_CTX."
    )


def test_letters_of_more_bytes_count_for_more() -> None:
    assert estimate("字" * 100) > estimate("a" * 100)
