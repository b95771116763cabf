"""What a conversation may set for its answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.parameters import (
    Parameters,
    name_parameter,
    parse,
    stop_text,
    stop_words,
)
from chatbot.errors import BadRequest


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


KEEP_ALIVE = "a time such as 300 (seconds), 10m or 1h30m, 0 for not at all, or -1 for ever"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("0", 0), (0, 0), ("300", 300), (300, 300), ("1.5", 1.5), ("-1", -1), (-1, -1), ("-2", -2),
        ("30s", "30s"), (" 10m ", "10m"), ("1h30m", "1h30m"), ("1.5h", "1.5h"), ("24h", "24h"),
        ("-1m", "-1m"), ("500ms", "500ms"), ("1h0m0.5s", "1h0m0.5s"),
    ],
)  # fmt: skip
def test_the_time_that_a_model_stays_is_any_that_ollama_takes(
    typed: str | float, sent: str | float
) -> None:
    own = parse({"keep_alive": typed})
    assert own.keep_alive_value() == sent
    assert Parameters.model_validate(own.model_dump(mode="json")) == own


@pytest.mark.parametrize("seed", ["-1", "0", "4294967296", " 7 ", -1])
def test_a_seed_is_any_whole_number(seed: str | int) -> None:
    assert parse({"seed": seed}).options() == {"seed": int(seed)}


STOPS = [
    (" User:", (" User:",)),
    ("END\n\n# \n  \n", ("END", "# ")),
    (r"\n\n", ("\n\n",)),
    (r"\s", (" ",)),
    (r"a\tb\r\nc", ("a\tb\r\nc",)),
    (r"C:\\new \d", (r"C:\new \d",)),
]


@pytest.mark.parametrize(("typed", "words"), STOPS)
def test_stop_words_are_taken_as_they_are_typed(typed: str, words: tuple[str, ...]) -> None:
    assert parse({"stop": typed}).options() == {"stop": words}


@given(st.lists(st.text(min_size=1), max_size=8))
def test_stop_words_come_back_as_they_were(words: list[str]) -> None:
    assert stop_words(stop_text(words)) == tuple(words)
    assert Parameters(stop=tuple(words)).options().get("stop", ()) == tuple(words)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("temperature", "3", "a number from 0 to 2"),
        ("temperature", "hot", "a number from 0 to 2"),
        ("top_p", "-0.1", "a number from 0 to 1"),
        ("seed", "1.5", "a whole number of at most 15 digits, or -1 for another one each time"),
        ("seed", "1e3", "a whole number of at most 15 digits, or -1 for another one each time"),
        ("num_ctx", "10", "a whole number from 256 to 1,048,576 tokens"),
        ("num_predict", "-3", "a whole number from 1 to 1,048,576 tokens, or -1 for no limit"),
        *(("keep_alive", value, KEEP_ALIVE) for value in ("soon", "1d", "5 m", "m", "9999999h")),
        ("think", "maybe", "off, on, low, medium or high"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse({name: value})
    assert refusal.value.sentence == f"{name_parameter(name)} is {value!r}: allowed is {allowed}."


def test_each_bad_value_has_a_line() -> None:
    bad: dict[str, Any] = {"temperature": "9", "top_p": "9", "seed": "1"}
    with pytest.raises(BadRequest) as refusal:
        parse(bad)
    assert [line.partition(" is ")[0] for line in refusal.value.sentence.splitlines()] == [
        "Temperature",
        "Choice of words (top-p)",
    ]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("num_ctx", "8193", "Context window is 8,193: this chat allows 8,192 at most."),
        ("num_predict", "4001", "Longest answer is 4,001: this chat allows 4,000 at most."),
    ],
)
def test_what_is_beyond_the_operators_limits_is_refused(
    name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse({name: value}, 8192, 4000)
    assert refusal.value.sentence == sentence


def test_what_the_operators_limits_allow_is_taken() -> None:
    typed = {"num_ctx": "8192", "num_predict": "4000"}
    assert parse(typed, 8192, 4000) == Parameters(num_ctx=8192, num_predict=4000)
    assert parse({"num_predict": "-1"}, 8192, 4000) == Parameters(num_predict=-1)
