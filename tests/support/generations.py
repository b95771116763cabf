"""Answers under way in tests: who keeps them, who watches them, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.chat.generation import Generation
from chatbot.domain.messages import Ending
from tests.support.fake_ollama.server import (
    FakeOllama,
    prose,
    stall,
)
from tests.support.product import wait_for

Ask = Callable[..., Generation]
TWO, THREE = ("".join(prose(count)) for count in (2, 3))


class Kept:
    """A keeper that remembers, or raises `error` at the calls named in `broken`."""

    def __init__(self, broken: str = "", error: Exception | None = None) -> None:
        self.saved: list[str] = []
        self.ends: list[tuple[str, str]] = []
        self._broken = broken
        self._error = error

    def save(self, generation: Generation) -> None:
        """Remember the text so far."""
        self.saved.append(generation.text)
        self._fail("save")

    def finish(self, generation: Generation) -> None:
        """Remember the end."""
        self.ends.append((generation.text, generation.state))
        self._fail("finish")

    def _fail(self, call: str) -> None:
        if self._error is not None and call in self._broken:
            raise self._error


def wait_until_ended(generation: Generation, ending: Ending) -> None:
    """Wait for a generation's end, which must be this one."""
    assert generation.over.wait(10)
    assert generation.begun.is_set()
    assert generation.state == ending


def _queue(fake: FakeOllama) -> None:
    fake.slots = 0


def _read_prompt(fake: FakeOllama) -> None:
    fake.first_token_delay = 60


def _write(fake: FakeOllama) -> None:
    fake.fail(stall(3))


WHILE = [
    (_queue, lambda one: one.waiting == 1, ""),
    (_read_prompt, lambda one: one.active == 1, ""),
    (_write, lambda one: one.active == 1, THREE),
]


class Tab:
    """A watcher that comes and goes."""

    def __init__(self, is_open: bool) -> None:
        self.is_open = is_open
        self.looks = 0

    def __call__(self) -> bool:
        """Return whether the tab is open, and count the look."""
        self.looks += 1
        return self.is_open

    def looked_at(self) -> None:
        """Return when the chat has looked at it from now on."""
        seen = self.looks
        wait_for(lambda: self.looks > seen + 2)
