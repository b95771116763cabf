"""Log lines for a person or for a collector."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from chatbot import logs
from chatbot.errors import ModelMissing
from chatbot.settings import Settings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The loggers are as before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("chatbot")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def test_a_line_for_a_person_has_time_level_and_who_speaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings())
    logging.getLogger("chatbot.test").info("It is %s", "here")
    assert capsys.readouterr().err.endswith(" INFO chatbot.test: It is here\n")


def test_a_line_for_a_collector_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    logging.getLogger("chatbot.test").warning("two\nlines")
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["logger"], line["message"]) == (
        "WARNING",
        "chatbot.test",
        "two\nlines",
    )
    assert line["time"]


def test_an_error_that_a_line_tells_is_named_by_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings(log_format="json"))
    logging.getLogger("chatbot.test").warning("not ready: %s", ModelMissing(model="qwen3"))
    line = json.loads(capsys.readouterr().err)
    assert line["code"] == "model_missing"
    assert line["message"].startswith("not ready: The model qwen3 is not installed.")


def test_a_traceback_stays_in_its_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    try:
        raise ValueError("odd \ud800")
    except ValueError:
        logging.getLogger("chatbot.test").exception("failed \ud800")
    [text] = capsys.readouterr().err.splitlines()
    assert "ValueError: odd" in json.loads(text)["traceback"]


@pytest.mark.parametrize(
    ("level", "spoken"), [("DEBUG", 3), ("INFO", 2), ("WARNING", 1), ("ERROR", 0)]
)
def test_log_level_says_how_much_the_chat_speaks(
    capsys: pytest.CaptureFixture[str], level: str, spoken: int
) -> None:
    logs.configure(Settings.model_validate({"log_level": level}))
    log = logging.getLogger("chatbot.test")
    log.debug("1")
    log.info("2")
    log.warning("3")
    assert len(capsys.readouterr().err.splitlines()) == spoken


def test_libraries_speak_only_of_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="DEBUG"))
    logging.getLogger("httpx").info("a request")
    logging.getLogger("httpx").warning("trouble")
    assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == ["trouble"]
