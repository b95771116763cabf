"""An answer being made: what is asked, what came of it so far, and how it ended."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from chatbot import errors
from chatbot.chat import context_window
from chatbot.chat.shares import NOBODY, Asker
from chatbot.domain.exchange import Exchange
from chatbot.domain.generation_request import GenerationRequest
from chatbot.domain.messages import Ending, Message
from chatbot.domain.statistics import Statistics
from chatbot.domain.thinking import Part, Splitter


class Keeper(Protocol):
    """Where an answer is kept. Both calls may block; they are made off the event loop."""

    def save(self, generation: Generation) -> None:
        """Keep the text so far."""

    def finish(self, generation: Generation) -> None:
        """Keep the end: state, text, statistics."""


@dataclass(eq=False)
class Generation:
    """An answer being made: written by the event loop, read by any thread.

    A time is `time.monotonic()` in seconds.
    """

    id: str
    request: GenerationRequest
    # Each tells whether somebody still waits; without any, the answer always has a reader.
    watchers: list[Callable[[], bool]] = field(default_factory=list)
    keeper: Keeper | None = None
    exchange: Exchange | None = None  # as it was stored; None where it is kept nowhere
    asker: Asker = NOBODY  # whose share it takes
    continued: Message | None = None  # the answer as it stood, which goes on
    patient: bool = False  # waits for an Ollama that is down to come back
    left_out: int = 0  # older messages that did not fit the context window
    images_left_out: int = 0  # images that the model cannot see
    estimated: int = 0  # tokens of what is asked
    num_ctx: int = 0  # tokens of the context window
    ending: Ending | None = None
    error: errors.ChatError | None = None
    statistics: Statistics | None = None
    started_at: float = field(default_factory=time.monotonic)
    watched_at: float = field(default_factory=time.monotonic)  # when somebody last waited for it
    room_made_at: float = 0.0  # when another answer was ended for it
    followed_at: float | None = None  # when somebody last followed it from another process, Unix s
    first_thought_at: float | None = None
    first_text_at: float | None = None
    ended_at: float | None = None
    saved_at: float = 0.0
    sent: threading.Event = field(default_factory=threading.Event)  # the request has left
    begun: threading.Event = field(default_factory=threading.Event)  # with text, thought or the end
    over: threading.Event = field(default_factory=threading.Event)  # the end, for threads
    finished: asyncio.Event = field(default_factory=asyncio.Event)  # the end, for coroutines
    has_text: asyncio.Event = field(default_factory=asyncio.Event)  # or the end, for coroutines
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # never set for long
    waits_for_ollama: bool = False
    text: str = ""
    thinking: str = ""
    moved: bool = False  # what was text at first was thinking, and stands there now
    task: asyncio.Task[None] | None = None  # which streams it
    is_counted_waiting: bool = True  # in the metrics
    _splitter: Splitter = field(default_factory=Splitter)

    def __post_init__(self) -> None:
        """Begin with what an answer that goes on has already."""
        if self.continued is not None:
            self.text, self.thinking = self.continued.content, self.continued.thinking
            self._splitter = Splitter(is_past_thinking=True)

    @property
    def user_id(self) -> str | None:
        """Return whose answer it is; None where it is kept nowhere."""
        return self.exchange.conversation.user_id if self.exchange else None

    @property
    def state(self) -> Literal["writing"] | Ending:
        """Return its state as the history has it."""
        return self.ending or "writing"

    @property
    def ttft_s(self) -> float | None:
        """Return the seconds from the prompt to the first text; None before it."""
        return None if self.first_text_at is None else self.first_text_at - self.started_at

    @property
    def queued_s(self) -> float | None:
        """Return the seconds before the model was loaded and the prompt read; known at the end."""
        if self.ttft_s is None or self.statistics is None:
            return None
        return max(0.0, self.ttft_s - self.statistics.load_s - self.statistics.prompt_s)

    @property
    def is_watched(self) -> bool:
        """Return whether somebody waits for it."""
        return not self.watchers or any(watching() for watching in self.watchers)

    def forget_gone_watchers(self) -> None:
        """Forget the watchers that are gone, unless all are: one of them may come back."""
        gone = [watching for watching in list(self.watchers) if not watching()]
        if len(gone) < len(self.watchers):
            for watching in gone:
                self.watchers.remove(watching)

    async def wait_for_change(self, timeout_s: float | None = None) -> bool:
        """Wait until more comes, it ends, or Ollama is lost; return False at the time-out.

        For coroutines of the loop that writes it: what they have seen before the call and what
        comes during it is all there is.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self.changed.wait()
        except TimeoutError:
            return False

    def tell_change(self) -> None:
        """Wake up the coroutines that wait for a change, from the event loop."""
        self.changed.set()
        self.changed.clear()

    @contextmanager
    def watch(self, is_allowed: Callable[[], bool]) -> Iterator[None]:
        """Count as somebody who waits for it until the block ends, while they are allowed to."""
        is_here = True
        self.watchers.append(lambda: is_here and is_allowed())
        try:
            yield
        finally:
            is_here = False

    @property
    def model(self) -> str:
        """Return the model that is asked."""
        return self.request.model

    @property
    def thought_s(self) -> float | None:
        """Return the seconds of thinking so far; None when there was none."""
        if self.first_thought_at is None:
            return None
        return (self.first_text_at or self.ended_at or time.monotonic()) - self.first_thought_at

    def leave_out_messages(self) -> None:
        """Ask without the oldest messages. Raises ContextOverflow when the prompt is alone."""
        fitted = context_window.drop_oldest(self.request.messages, self.request.system_prompt)
        if fitted is None:
            raise context_window.make_overflow(self.num_ctx, self.estimated)
        self.request = replace(self.request, messages=fitted.messages)
        self.left_out += fitted.left_out
        self.estimated = fitted.estimated

    def add_part(self, text: str, thinking: str = "") -> None:
        """Add a part of the text, in which thinking may stand too, or of the thinking."""
        part = self._splitter.add(text)
        self._append_part(part._replace(thinking=thinking + part.thinking))

    def leave_out_images(self) -> None:
        """Ask without the images, as the model cannot see them."""
        self.images_left_out += self.request.image_count
        self.request = self.request.without_images()

    def complete_text(self) -> None:
        """Add what the last part left open: no more comes."""
        self._append_part(self._splitter.end())

    def check_text(self) -> None:
        """Complete the text. Raises EmptyAnswer when there is none."""
        self.complete_text()
        if not self.text.strip():
            is_cut = self.statistics is not None and self.statistics.done_reason == "length"
            raise errors.EmptyAnswer("empty_answer_cut" if is_cut else "empty_answer")

    def _append_part(self, part: Part) -> None:
        now = time.monotonic()
        if self.first_thought_at is None and (part.thinking or part.moves):
            self.first_thought_at = self.first_text_at or now
        self.thinking += part.thinking
        if part.moves:
            self.text, self.first_text_at, self.moved = "", None, True
            self.has_text.clear()
        self.text += part.text
        if self.first_text_at is None and part.text:
            self.first_text_at = now
            self.has_text.set()
        if part.text or part.thinking:
            self.begun.set()
        self.tell_change()
