"""A file is read by a process of its own, which ends by its limits and knows no secret."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from chatbot import memory_limit
from chatbot.attachments import process
from chatbot.attachments.process import Job, ReadersBusy, TooCostly
from chatbot.attachments.worker import Unreadable

JOB = Job(
    "tests.support.hostile_reader",
    memory_bytes=128 * 2**20,
    cpu_s=1,
    wall_s=20,
    output_bytes=1_000_000,
)


def test_its_parts_come_as_they_are() -> None:
    assert JOB.run(b"\0data", does="echo") == [b"echo", b"\0data", b""]


def test_a_refusal_comes_with_its_arguments() -> None:
    with pytest.raises(Unreadable) as refused:
        JOB.run(b"", does="refuse")
    assert (refused.value.code, refused.value.arguments) == ("file_too_long", {"most": 5})


@pytest.mark.parametrize("does", ["take memory", "take time", "write for ever"])
def test_it_ends_where_a_file_takes_too_much(does: str) -> None:
    with pytest.raises(TooCostly):
        JOB.run(b"", does=does)


def test_it_ends_where_it_waits_for_ever() -> None:
    with pytest.raises(TooCostly):
        replace(JOB, wall_s=0.5).run(b"", does="wait")


def test_what_a_library_breaks_off_at_is_damaged() -> None:
    with pytest.raises(Unreadable):
        JOB.run(b"", does="break off")


def test_a_fault_of_its_own_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ReadersBusy) as failed:
        JOB.run(b"", does="raise")
    assert failed.value.code == "reader_failed"
    assert "LookupError: of its own" in caplog.text


def test_it_gets_no_secret_and_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIE_SECRET", "s3cret")
    variables, files = JOB.run(b"", does="look round")
    assert b"s3cret" not in variables and b"PATH" in variables
    assert files == b"0 1 2"


def test_it_gets_a_part_of_what_the_container_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "available_bytes", lambda: 40 * 2**20)
    with pytest.raises(TooCostly):
        JOB.run(bytes(30 * 2**20), does="echo")


def test_who_waits_too_long_for_a_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(process, "LONGEST_WAIT_S", 0.01)
    with process._take_place(), pytest.raises(ReadersBusy):
        JOB.run(b"", does="echo")
    assert JOB.run(b"", does="echo")
