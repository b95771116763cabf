"""What one read of an answer's stream finds is made one line, and nothing of it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatbot.llm.batching import choose_pause, join_texts


def _line(done: bool = False, **message: Any) -> bytes:
    return json.dumps({"model": "m", "message": message, "done": done}).encode()


def _said(lines: list[bytes]) -> list[Any]:
    return [json.loads(line)["message"] for line in lines]


def test_texts_become_one_and_the_last_line_keeps_its_figures() -> None:
    last = _line(done=True, role="assistant", content="")
    *texts, end = join_texts(
        [_line(content="Good"), _line(content=" day"), _line(content="!"), last]
    )
    assert _said(texts) == [{"content": "Good day!"}]
    assert end == last


def test_thoughts_and_text_stay_apart_and_in_their_order() -> None:
    lines = [
        _line(content="", thinking="Let me"),
        _line(content="", thinking=" see."),
        _line(content="Four"),
        _line(content="."),
    ]
    assert _said(join_texts(lines)) == [
        {"content": "", "thinking": "Let me see."},
        {"content": "Four."},
    ]


@pytest.mark.parametrize(
    "other",
    [
        b'{"error": "the runner has ended"}',
        b"no JSON",
        b"[1, 2]",
        b"",
        _line(content="", tool_calls=[{"function": {"name": "f"}}]),
    ],
)
def test_any_other_line_is_handed_on_as_it_is_between_the_texts(other: bytes) -> None:
    before, same, after = join_texts([_line(content="Good"), other, _line(content=" day")])
    assert same == other
    assert _said([before, after]) == [{"content": "Good"}, {"content": " day"}]


@pytest.mark.parametrize(
    ("tokens", "seconds", "expected"),
    [(0, 0.0, 0.05), (10, 1.0, 0.075), (40, 1.0, 0.075), (100, 1.0, 0.05), (50, 0.1, 0.02)],
)
def test_the_socket_rests_for_five_tokens_but_not_for_long(
    tokens: int, seconds: float, expected: float
) -> None:
    assert choose_pause(tokens, seconds) == pytest.approx(expected)
