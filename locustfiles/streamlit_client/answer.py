"""An answer as a reader of the page sees it come: found in the element tree, measured."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from locustfiles.streamlit_client.element_tree import ElementTree, Node, Path

SUCCESS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class NoAnswer(Exception):
    """The page did not answer a prompt; says what it showed instead."""


class Meter(Protocol):
    """Counts what came over the wire, ever growing."""

    wire_bytes: int
    message_bytes: int
    messages: int


@dataclass(frozen=True)
class Answer:
    """Times are seconds since the prompt was sent, bytes are those that came for this prompt.

    `ttft` is when the first text was there, None if none came; `updates` when the text changed;
    `total` when the script had ended. `wire_bytes` are compressed if the server compresses,
    `message_bytes` are not; `messages` is their number. `alerts` are the errors that stand there at
    its end, `keys` those of its elements.
    """

    text: str
    ttft: float | None
    total: float
    updates: tuple[float, ...]
    wire_bytes: int
    message_bytes: int
    messages: int
    alerts: str
    keys: tuple[str, ...]

    @property
    def last_text(self) -> float:
        """When the text changed last; `total` if it never did."""
        return self.updates[-1] if self.updates else self.total

    @property
    def gaps(self) -> list[float]:
        """The seconds between one change of the text and the next."""
        return [b - a for a, b in zip(self.updates, self.updates[1:], strict=False)]


@dataclass
class Asking:
    """A prompt that was sent, and its answer as it comes.

    The answer is the last assistant message below the new user message, so a redrawn history
    counts for nothing. It ends when the run that drew it last has ended and no rerun follows it.
    """

    tree: ElementTree
    meter: Meter
    text: str = ""
    updates: list[float] = field(default_factory=list)
    alerts: str = ""
    keys: tuple[str, ...] = ()
    sent: float = field(default_factory=time.perf_counter)
    ended: float = 0

    def __post_init__(self) -> None:
        self._shown, self._first_text = threading.Event(), threading.Event()
        self._finished = threading.Event()
        self._before = self._meter_reading()
        self._known_prompts = set(self._list_prompts())
        self._prompt_path: Path | None = None
        self._answer_path: Path | None = None
        self._answer_run = ""
        self._runs = 0

    def wait_for_prompt(self, timeout: float = 60) -> None:
        """Return when the page shows the prompt. Raises NoAnswer after `timeout` seconds."""
        if not self._shown.wait(timeout):
            raise NoAnswer(f"the prompt is not shown within {timeout} s")

    def wait_for_text(self, timeout: float = 60) -> None:
        """Return when the first text is there. Raises NoAnswer after `timeout` seconds."""
        if not self._first_text.wait(timeout):
            raise NoAnswer(f"no text within {timeout} s")

    def result(self, timeout: float = 60) -> Answer:
        """Wait for the end. Raises NoAnswer after `timeout` seconds or when the server closed."""
        if not self._finished.wait(timeout):
            raise NoAnswer(f"no end within {timeout} s; text so far: {self.text[:200]!r}")
        if not self.ended:
            raise NoAnswer("the connection was closed before the answer ended")
        wire, message, messages = (
            after - before for after, before in zip(self._after, self._before, strict=True)
        )
        first = self.updates[0] if self.updates else None
        total = self.ended - self.sent
        updates = tuple(self.updates)
        return Answer(
            self.text, first, total, updates, wire, message, messages, self.alerts, self.keys
        )

    def observe(self, message: ForwardMsg, at: float) -> None:
        """Take in a message of the server that came `at` and is already in the tree."""
        match message.WhichOneof("type"):
            case "new_session":
                self._runs += 1
            case "delta" if self._runs:
                self._look_at_delta(message, at)
            case "script_finished" if self._prompt_path is not None:
                self._end_of_run(message, at)
            case "script_finished" if self._runs and not self.ended and _is_whole_page(message):
                self._end_answer(at)  # the page has been drawn without the prompt: it was refused

    def abandon(self) -> None:
        """Let all who wait go on: the connection is closed, nothing more will come."""
        for event in (self._shown, self._first_text, self._finished):
            event.set()

    def _look_at_delta(self, message: ForwardMsg, at: float) -> None:
        path = tuple(message.metadata.delta_path)
        if self._answer_path is None or message.delta.WhichOneof("type") == "add_block":
            self._locate_answer()
        if self._prompt_path and path > self._prompt_path:
            self._shown.set()
            self._answer_run = self.tree.run_id
        if self._answer_path and path[: len(self._answer_path)] == self._answer_path:
            self._read_answer(at)

    def _locate_answer(self) -> None:
        self._answer_path = None
        for path, node in self._list_newest_last():
            if node.role == "user" and (path, node.text) not in self._known_prompts:
                self._prompt_path, self._answer_path = path, None
            elif node.role == "assistant" and self._prompt_path and path > self._prompt_path:
                self._answer_path = path

    def _list_newest_last(self) -> list[tuple[Path, Node]]:
        """Return the messages, old ones first: a run that redraws them keeps those till its end."""
        run = self.tree.run_id
        return sorted(self.tree.messages(), key=lambda entry: entry[1].run_id == run)

    def _read_answer(self, at: float) -> None:
        assert self._answer_path
        node = self.tree.at(self._answer_path)
        text = node.text
        if text and text != self.text:
            self.text = text
            self.updates.append(at - self.sent)
            self._first_text.set()

    def _end_of_run(self, message: ForwardMsg, at: float) -> None:
        run = message.metadata.run.script_run_id
        if message.script_finished not in SUCCESS:
            self._answer_run = ""  # another run follows and ends the answer
        elif not run or not self._answer_run or run == self._answer_run:
            self._end_answer(at)

    def _end_answer(self, at: float) -> None:
        self._locate_answer()
        if self._answer_path:
            node = self.tree.at(self._answer_path)
            self.alerts, self.keys = node.alerts, tuple(node.keys)
        self.ended, self._after = at, self._meter_reading()
        for event in (self._shown, self._first_text, self._finished):
            event.set()

    def _list_prompts(self) -> list[tuple[Path, str]]:
        return [(p, node.text) for p, node in self.tree.messages() if node.role == "user"]

    def _meter_reading(self) -> tuple[int, int, int]:
        return self.meter.wire_bytes, self.meter.message_bytes, self.meter.messages


def _is_whole_page(message: ForwardMsg) -> bool:
    return message.script_finished in SUCCESS and not message.metadata.run.fragment_ids
