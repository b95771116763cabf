"""An answer as a reader of the page sees it come, measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass

from locustfiles.streamlit_client.meter import Meter
from locustfiles.streamlit_client.transcript_messages import TranscriptMessage


class NoAnswer(Exception):
    """The page did not answer a prompt; says what it showed instead."""


@dataclass(frozen=True)
class Answer:
    """Times are seconds since the prompt was sent, bytes are those that came for this prompt.

    `state` is "done", "stopped", "failed" … or "refused", when the page took no prompt; `code` says
    what went wrong, `alerts` says it in the page's words. `ttft` is when the first text was there,
    None if none came; `updates` when the text changed; `total` when the answer had ended.
    `wire_bytes` are compressed if the server compresses, `message_bytes` are not; `messages` is the
    number of messages and events.
    """

    text: str
    state: str
    code: str
    alerts: str
    ttft: float | None
    total: float
    updates: tuple[float, ...]
    wire_bytes: int
    message_bytes: int
    messages: int
    input_tokens: int = 0
    output_tokens: int = 0
    queued_s: float = 0.0
    read_s: float = 0.0
    is_cut: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether less came than the model would have written, and nobody wanted that."""
        return self.state not in ("done", "stopped")

    @property
    def last_text(self) -> float:
        """When the text changed last; `total` if it never did."""
        return self.updates[-1] if self.updates else self.total

    @property
    def gaps(self) -> list[float]:
        """The seconds between one change of the text and the next."""
        return [b - a for a, b in zip(self.updates, self.updates[1:], strict=False)]


class Asking:
    """A prompt that was sent, and its answer as it comes; `known` are the messages before it.

    It is over when its answer has ended and the page has been drawn as it stands then, when the
    page has refused the prompt, or when the tab was closed.
    """

    def __init__(self, meter: Meter, known: Collection[str]) -> None:
        self.text = ""
        self.updates: list[float] = []
        self.message_id = ""
        self.sent = time.perf_counter()
        self._known, self._meter, self._before = frozenset(known), meter, meter.read()
        self._shown, self._first_text = threading.Event(), threading.Event()
        self._finished = threading.Event()
        self._seen = ""
        self._ended: tuple[TranscriptMessage, float] | None = None
        self._refusal: tuple[str, str] | None = None
        self._reason = ""

    @property
    def has_ended(self) -> bool:
        """Whether no more text will come."""
        return self._ended is not None or self._finished.is_set()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._finished.is_set()

    def wait_for_prompt(self, timeout: float = 60) -> None:
        """Return when the page shows the prompt. Raises NoAnswer after `timeout` seconds."""
        if not self._shown.wait(timeout):
            raise NoAnswer(f"the prompt is not shown within {timeout} s")

    def wait_for_text(self, timeout: float = 60) -> None:
        """Return when the first text is there. Raises NoAnswer after `timeout` seconds."""
        if not self._first_text.wait(timeout):
            raise NoAnswer(f"no text within {timeout} s")

    def result(self, timeout: float = 60) -> Answer:
        """Wait for the end. Raises NoAnswer after `timeout` seconds or when the tab was closed."""
        if not self._finished.wait(timeout):
            raise NoAnswer(f"no end within {timeout} s; text so far: {self.text[:200]!r}")
        if self._reason:
            raise NoAnswer(self._reason)
        traffic = self._after.since(self._before)
        if self._ended is None:
            code, alerts = self._refusal or ("", "")
            return Answer("", "refused", code, alerts, None, self._total, (), *traffic)
        answer, _ = self._ended
        return Answer(
            answer.content,
            answer.state,
            answer.code,
            answer.error,
            self.updates[0] if self.updates else None,
            self._total,
            tuple(self.updates),
            *traffic,
            answer.input_tokens,
            answer.output_tokens,
            answer.queued_s,
            answer.read_s,
            answer.is_cut,
        )

    def observe(self, answer: TranscriptMessage, at: float, is_final: bool = True) -> None:
        """Take in a message of the transcript as it was `at`, if it is the answer.

        Not `is_final`: even after its end more will come, and `finish` will be called then.
        """
        if self.is_over or answer.id != (self.message_id or answer.id):
            return
        if not self.message_id and answer.id in self._known:
            return
        self.message_id = answer.id
        self._shown.set()
        self._observe_text(answer, at)
        if answer.state != "writing":
            self._ended = answer, self._ended[1] if self._ended else at
            if is_final:
                self.finish(at)

    def refuse(self, code: str, alerts: str, at: float) -> None:
        """Note that the page has taken no prompt, and what it says about it."""
        self._refusal = code, alerts
        self.finish(at)

    def finish(self, at: float) -> None:
        """Let all who wait go on: nothing more will come."""
        self._total = (self._ended[1] if self._ended else at) - self.sent
        self._after = self._meter.read()
        for event in (self._shown, self._first_text, self._finished):
            event.set()

    def abandon(self, reason: str) -> None:
        """Let all who wait go on, with NoAnswer, unless the answer has ended."""
        if self._finished.is_set():
            return
        self._reason = "" if self._ended else reason
        self.finish(time.perf_counter())

    def _observe_text(self, answer: TranscriptMessage, at: float) -> None:
        self.text = answer.content
        seen = answer.thinking + answer.content
        if seen != self._seen:
            self._seen = seen
            self.updates.append(at - self.sent)
            self._first_text.set()
