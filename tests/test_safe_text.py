"""What others wrote moves no cursor, turns no line and makes none."""

from __future__ import annotations

import pytest

from chatbot.safe_text import escape_controls, escape_line


@pytest.mark.parametrize(
    ("text", "controls", "line"),
    [
        ("Grüße, 你好 👋", "Grüße, 你好 👋", "Grüße, 你好 👋"),
        ("two\nlines\tand\r", "two\nlines\tand\r", r"two\nlines\tand\r"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\x9bb\x7f\0", r"a\x9bb\x7f\x00", r"a\x9bb\x7f\x00"),
        ("exe\u202egpj", r"exe\u202egpj", r"exe\u202egpj"),
        ("one\u2028two", r"one\u2028two", r"one\u2028two"),
        ("wide\u3000space\xa0", "wide\u3000space\xa0", "wide\u3000space\xa0"),
    ],
)
def test_control_characters_are_shown_as_what_they_are(text: str, controls: str, line: str) -> None:
    assert (escape_controls(text), escape_line(text)) == (controls, line)
