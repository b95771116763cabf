"""What a conversation may set for its answers."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot.errors import BadRequest
from chatbot.parameters import Parameters, parse


def test_what_is_typed_becomes_options_of_ollama() -> None:
    typed = {"temperature": "0.7", "top_p": "1", "seed": "7", "num_ctx": "8192", "stop": "END\n\n#"}
    assert parse(typed).options() == {
        "temperature": 0.7,
        "top_p": 1,
        "seed": 7,
        "num_ctx": 8192,
        "stop": ("END", "#"),
    }


def test_empty_fields_leave_everything_to_the_model() -> None:
    empty = dict.fromkeys(("temperature", "seed", "keep_alive", "stop"), "")
    assert parse({**empty, "think": None}) == Parameters()
    assert Parameters().options() == {}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("temperature", "3", "a number from 0 to 2"),
        ("temperature", "hot", "a number from 0 to 2"),
        ("top_p", "-0.1", "a number from 0 to 1"),
        ("seed", "1.5", "a whole number from 0 to 2,147,483,647"),
        ("num_ctx", "10", "a whole number from 256 to 1,048,576 tokens"),
        ("num_predict", "0", "a whole number from 1 to 1,048,576 tokens"),
        ("keep_alive", "soon", "a time such as 30s, 10m or 2h, or -1 for ever"),
        ("think", "maybe", "off, on, low, medium or high"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse({name: value})
    assert refusal.value.sentence == f"{name} is {value!r}: allowed is {allowed}."


def test_each_bad_value_has_a_line() -> None:
    bad: dict[str, Any] = {"temperature": "9", "top_p": "9", "seed": "1"}
    with pytest.raises(BadRequest) as refusal:
        parse(bad)
    assert [line.split()[0] for line in refusal.value.sentence.splitlines()] == [
        "temperature",
        "top_p",
    ]
