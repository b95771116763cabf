"""A notice is a sentence for a person, and for programs its code with arguments."""

from __future__ import annotations

import pytest

from chatbot import errors
from chatbot.notices import read_notice


def test_an_error_without_an_argument_of_its_sentence_is_a_mistake_where_it_is_raised() -> None:
    with pytest.raises(KeyError):
        errors.ModelMissing()


@pytest.mark.parametrize(("count", "begins"), [(1, "1 answer is "), (2, "2 answers are ")])
def test_a_count_chooses_singular_or_plural(count: int, begins: str) -> None:
    assert str(errors.Busy(count=count)).startswith(begins)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (None, None),
        ("of a later version", {}),
        ("model_missing", {}),
        ("model_missing", {"model": None}),
        ("model_missing", {"model": ["a"]}),
        ("prompt_too_long", {"characters": "many", "most": 3}),
        ("several", {"first": {"code": ["busy"]}, "others": {}}),
    ],
)
def test_a_stored_error_that_is_not_whole_is_none(code: object, arguments: object) -> None:
    assert read_notice(code, arguments) is None


def test_a_stored_error_is_the_one_that_was_raised() -> None:
    error = errors.join_refusals([errors.Busy(count=3), errors.OllamaFailed(words="{odd}")])
    assert read_notice(error.code, error.notice.arguments_as_json()) == error.notice


def test_what_a_server_wrote_is_told_without_its_escape_codes_and_passwords() -> None:
    error = errors.OllamaFailed(words="\x1b[2Jfailed:\nhttp://ann:hush@registry")
    assert error.sentence.endswith("\\x1b[2Jfailed:\nhttp://***@registry")
    assert error.as_json()["arguments"] == {"words": "\\x1b[2Jfailed:\nhttp://***@registry"}
