"""Log lines for a person or for a collector."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

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


FORGED = "odd\n12:00:00 INFO chatbot: forged\x1b[31m"


def test_what_others_wrote_makes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("chatbot.test").exception("failed: %s", FORGED)
    first, *traceback = capsys.readouterr().err.splitlines()
    assert first.endswith(r"failed: odd\n12:00:00 INFO chatbot: forged\x1b[31m")
    assert r"  12:00:00 INFO chatbot: forged\x1b[31m" in traceback
    assert all(line.startswith("  ") for line in traceback)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_tells_a_password_or_moves_the_cursor(
    capsys: pytest.CaptureFixture[str], log_format: Literal["text", "json"]
) -> None:
    logs.configure(Settings(log_format=log_format))
    try:
        raise ValueError("\x1b[2Jno http://ann:hush@gpu")
    except ValueError:
        logging.getLogger("chatbot.test").exception("no http://ann:hush@gpu\x1b[2J")
    said = capsys.readouterr().err
    assert "hush" not in said
    assert "\x1b" not in said + (json.loads(said)["message"] if log_format == "json" else "")
