"""The title that a conversation gets from its first prompt."""

from __future__ import annotations

import pytest

from chatbot.domain.conversation import title_from


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Hello", "Hello"),
        ("  Two\n\n lines\tand a tab ", "Two lines and a tab"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 59 + "…"),
        ("a" * 59 + " b c", "a" * 59 + "…"),
        ("a " * 60, "a " * 29 + "a…"),
        ("Why is the sky blue, and why is it red in the evening, please?",
         "Why is the sky blue, and why is it red in the evening,…"),
        (" \n ", "Untitled"),
    ],
)  # fmt: skip
def test_a_title_is_one_short_line_of_whole_words(prompt: str, title: str) -> None:
    assert title_from(prompt) == title
    assert len(title) <= 60


def test_a_title_of_a_very_long_prompt_is_short() -> None:
    assert title_from("word " * 1_000_000) == "word " * 11 + "word…"
