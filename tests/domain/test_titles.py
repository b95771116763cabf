"""The title that a conversation gets from its first prompt."""

from __future__ import annotations

import pytest

from chatbot.domain.titles import make_title, shorten_title


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("iPhone or Android", "iPhone or Android"),
        ("Why is the sky blue? Explain it to a child.", "Why is the sky blue?"),
        ("Hi! Could you please explain **binary search**? I have a test.", "Explain binary search"),
        ("Please, write a poem.", "Write a poem"),
        ("Hello", "Hello"),
        ("Hey there!", "Hey there!"),
        ("Hello there", "Hello there"),
        ("Hello world in Rust", "Hello world in Rust"),
        ("hi can you sort a list?", "Sort a list"),
        ("# Plan\n\n1. Three days in _Lisbon_", "Plan Three days in Lisbon"),
        ("What does this do?\n```python\nprint(1)\n```\nAnd why?", "What does this do?"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("Sum up [the report](https://example.org/report) of 3.5 pages",
         "Sum up the report of 3.5 pages"),
        ("Rename snake_case_names in my_file.py", "Rename snake_case_names in my_file.py"),
        ("Kannst du mir bitte Rekursion erklären?", "Rekursion erklären"),
        ("Bonjour, comment ça va ?", "comment ça va ?"),
        ("你好！请问天空为什么是蓝色的？谢谢。", "天空为什么是蓝色的"),
        ("***", "***"),
        (" \n ", "Untitled"),
    ],
)  # fmt: skip
def test_a_title_is_the_subject_of_the_prompt(prompt: str, title: str) -> None:
    assert make_title(prompt) == title


def test_a_title_of_a_very_long_prompt_is_short() -> None:
    assert len(make_title("word " * 1_000_000)) <= 60
    assert len(make_title("`" * 100_000)) <= 60


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
    assert shorten_title(prompt) == title
    assert len(title) <= 60


def test_a_very_long_text_is_shortened() -> None:
    assert shorten_title("word " * 1_000_000) == "word " * 11 + "word…"
