"""Excerpts of messages in the list, without the marks of Markdown."""

from __future__ import annotations

import pytest

from chatbot.page.sidebar.excerpts import strip_marks


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# Sorting at a glance", "Sorting at a glance"),
        ("…done. ## Next **in order** and `code`", "…done. Next in order and code"),
        ("- one - two * three", "one two three"),
        ("| a | b | |---|---| | 1 | 2 |", " a b 1 2 "),
        ("> a quote of ~~old~~ words", "a quote of old words"),
        ("5 - 3 is 2, x*y, snake_case, C# and 1 > 0", "5 3 is 2, xy, snake_case, C# and 1 0"),
    ],
)
def test_marks_are_left_out(text: str, plain: str) -> None:
    assert "".join(part for part, _ in strip_marks([(text, False)])).strip() == plain.strip()


def test_what_was_looked_for_stays_and_words_keep_together() -> None:
    parts = [("**", False), ("Sort", True), ("ing** is easy", False)]
    assert strip_marks(parts) == [("Sort", True), ("ing is easy", False)]
