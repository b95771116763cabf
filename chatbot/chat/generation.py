"""Answers under way: each lives apart from the page that shows it, is bounded in number and time,
can be stopped at any moment, and keeps what came."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from chatbot import errors, metrics
from chatbot.chat import context_window
from chatbot.domain.generation_request import GenerationRequest
from chatbot.domain.thinking import Part, Splitter
from chatbot.llm.client import Llm, Stats, on_sent
from chatbot.settings import Settings

log = logging.getLogger("chatbot.chat.generation")

Ending = Literal["done", "stopped", "abandoned", "failed", "interrupted"]

_WATCH_S = 0.25  # how soon a closed tab is noticed
_INTERRUPTION_S = 5.0  # a page whose connection was cut is back by then, if it comes back at once
_SAVE_S = 2.0  # how much of an answer a crash may cost
_RETRY_S = 0.5  # how often a lost Ollama is asked for again
_PATIENCE_S = 120.0  # how long an answer waits for Ollama to come back

_NOT_KEPT = "The answer could not be kept. Look for the reason in the chat's log."


class Keeper(Protocol):
    """Where an answer is kept. Both calls may block; they are made off the event loop."""

    def save(self, answer: Answer) -> None:
        """The text so far."""

    def finish(self, answer: Answer) -> None:
        """The end: state, text, statistics."""


@dataclass(eq=False)
class Answer:
    """One answer, written by the event loop and read by any thread.

    `sent` is set when the request has left; `begun` with the first text, thought or the end;
    `over` (for threads) and `finished` (for coroutines) with the end. `watchers` tell whether
    somebody still waits; when all have said no since `watched_at`, for as long as the settings
    allow, the answer is ended. `left_out` counts the older messages that did not fit the context
    window of `num_ctx` tokens, `images_left_out` the images that the model cannot see; `estimated`
    is what is asked in tokens. `moved`: what was text at first was thinking, and stands there now.
    A `patient` answer waits for an Ollama that is down to come back.
    """

    id: str
    request: GenerationRequest
    watchers: list[Callable[[], bool]] = field(default_factory=list)
    keeper: Keeper | None = None
    patient: bool = False
    left_out: int = 0
    images_left_out: int = 0
    estimated: int = 0
    num_ctx: int = 0
    ending: Ending | None = None
    error: errors.ChatError | None = None
    stats: Stats | None = None
    started: float = field(default_factory=time.monotonic)
    watched_at: float = field(default_factory=time.monotonic)
    first_thought: float | None = None
    first_text: float | None = None
    ended: float | None = None
    sent: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for_ollama: bool = False
    text: str = ""
    thinking: str = ""
    moved: bool = False
    _splitter: Splitter = field(default_factory=Splitter)
    _waits: bool = True
    _task: asyncio.Task[None] | None = None
    _saved: float = 0.0

    @property
    def state(self) -> Literal["writing"] | Ending:
        """How it stands."""
        return self.ending or "writing"

    @property
    def ttft(self) -> float | None:
        """Seconds from the prompt to the first text."""
        return None if self.first_text is None else self.first_text - self.started

    @property
    def queued(self) -> float | None:
        """Seconds in which neither the model was loaded nor the prompt read; known at the end."""
        if self.ttft is None or self.stats is None:
            return None
        return max(0.0, self.ttft - self.stats.load_s - self.stats.prompt_s)

    @property
    def is_watched(self) -> bool:
        """Whether somebody waits for it; an answer without watchers always has a reader."""
        return not self.watchers or any(watching() for watching in self.watchers)

    def forget_gone(self) -> None:
        """Forgets the watchers that are gone, unless all are: one of them may come back."""
        gone = [watching for watching in list(self.watchers) if not watching()]
        if len(gone) < len(self.watchers):
            for watching in gone:
                self.watchers.remove(watching)

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.request.model

    @property
    def thought_s(self) -> float | None:
        """Seconds of thinking so far; None when there was none."""
        if self.first_thought is None:
            return None
        return (self.first_text or self.ended or time.monotonic()) - self.first_thought

    def shorten(self) -> None:
        """Leaves out older messages of what is asked; raises ContextOverflow if there are none."""
        fitted = context_window.shorten(self.request.messages, self.request.system_prompt)
        if fitted is None:
            raise context_window.overflow(self.num_ctx, self.estimated)
        self.request = replace(self.request, messages=fitted.messages)
        self.left_out += fitted.left_out
        self.estimated = fitted.estimated

    def add(self, text: str, thinking: str = "") -> None:
        """Takes a part of the text, in which thinking may stand too, or of the thinking."""
        part = self._splitter.add(text)
        self._take(part._replace(thinking=thinking + part.thinking))

    def leave_out_images(self) -> None:
        """Asks without the images, as the model cannot see them."""
        self.images_left_out += self.request.image_count
        self.request = self.request.without_images()

    def complete(self) -> None:
        """Takes what the last part left open: no more comes."""
        self._take(self._splitter.end())

    def check(self) -> None:
        """Raises EmptyAnswer for one that has ended without text."""
        self.complete()
        if not self.text.strip():
            raise errors.EmptyAnswer(bool(self.stats and self.stats.done_reason == "length"))

    def _take(self, part: Part) -> None:
        now = time.monotonic()
        if self.first_thought is None and (part.thinking or part.moves):
            self.first_thought = self.first_text or now
        self.thinking += part.thinking
        if part.moves:
            self.text, self.first_text, self.moved = "", None, True
        self.text += part.text
        if self.first_text is None and part.text:
            self.first_text = now
        if part.text or part.thinking:
            self.begun.set()


class Answers:
    """All answers of this process. `start` and `stop` may be called from any thread."""

    def __init__(self, settings: Settings, llm: Llm, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._llm = llm
        self._loop = loop
        self._running: dict[str, Answer] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self.draining = False

    def start(self, answer: Answer) -> Answer:
        """Begins `answer`; raises Busy or Draining."""
        with self._lock:
            self.check()
            self._running[answer.id] = answer
        metrics.ACTIVE.inc()
        metrics.WAITING.inc()
        self._loop.call_soon_threadsafe(self._launch, answer)
        return answer

    def check(self) -> None:
        """Raises Busy or Draining if no answer can begin now."""
        if self.draining:
            metrics.REFUSED.labels("draining").inc()
            raise errors.Draining("The chat is about to restart. Send it again in a moment.")
        if len(self._running) >= self._settings.max_answers:
            metrics.REFUSED.labels("busy").inc()
            raise errors.Busy(
                f"{len(self._running)} answers are under way, as many as this chat takes at once. "
                "Try again in a minute."
            )

    def get(self, answer_id: str) -> Answer | None:
        """The answer under way with this id."""
        return self._running.get(answer_id)

    def ahead(self, answer: Answer) -> int:
        """How many answers that began before this one are still under way."""
        return sum(1 for other in list(self._running.values()) if other.started < answer.started)

    def stop(self, answer: Answer) -> None:
        """Ends `answer`; what came is kept, and Ollama stops to evaluate."""
        self._loop.call_soon_threadsafe(self._cancel, answer)

    async def drain(self) -> bool:
        """Refuses new prompts and gives running answers `drain_timeout` seconds, then cuts them.

        Returns whether there were any.
        """
        with self._lock:
            self.draining = True
            running = list(self._running.values())
        if running:
            log.info("draining: %d answers under way", len(running))
            waits = [asyncio.ensure_future(answer.finished.wait()) for answer in running]
            await asyncio.wait(waits, timeout=self._settings.drain_timeout)
        for answer in list(self._running.values()):
            answer.ending = answer.ending or "interrupted"
            self._cancel(answer)
        await asyncio.gather(*(answer.finished.wait() for answer in running))
        return bool(running)

    def leave(self, watching: Callable[[], bool]) -> None:
        """Ends at once the answers that `watching` alone waits for: it will not come back."""
        for answer in list(self._running.values()):
            others = [other for other in answer.watchers if other is not watching]
            if len(others) < len(answer.watchers) and not any(other() for other in others):
                self.stop(answer)

    async def watch(self) -> None:
        """Ends answers that nobody has come back to and saves the text so far, for ever."""
        while True:
            await asyncio.sleep(_WATCH_S)
            for answer in list(self._running.values()):
                if answer.ending is None:
                    await self._look_after(answer, time.monotonic())

    async def _look_after(self, answer: Answer, now: float) -> None:
        if answer.is_watched:
            answer.watched_at = now
            answer.forget_gone()
        if now - answer.watched_at > self._grace(answer, now):
            log.info("answer %s: nobody waits for it", answer.id)
            answer.ending = answer.ending or "abandoned"
            self._cancel(answer)
        elif answer.keeper and now - max(answer.started, answer._saved) > _SAVE_S:
            answer._saved = now
            await self._keep(answer.keeper.save, answer)  # the next one may succeed

    def _grace(self, answer: Answer, now: float) -> float:
        """Seconds that `answer` goes on unwatched: few while somebody waits for its place."""
        longest = self._settings.abandoned_after
        return min(longest, _INTERRUPTION_S) if self._is_in_the_way(answer, now) else longest

    def _is_in_the_way(self, answer: Answer, now: float) -> bool:
        """Whether no prompt would be taken now, or a later one has long waited for its answer."""
        running = list(self._running.values())
        return len(running) >= self._settings.max_answers or any(
            other.started > answer.started
            and not other.begun.is_set()
            and now - other.started > _INTERRUPTION_S
            and other.is_watched
            for other in running
        )

    def _launch(self, answer: Answer) -> None:
        # Two tasks: only the inner one is ever cancelled, so that the end is always kept.
        answer._task = self._loop.create_task(self._generate(answer))
        self._ends.add(end := self._loop.create_task(self._run(answer, answer._task)))
        end.add_done_callback(self._ends.discard)

    def _cancel(self, answer: Answer) -> None:
        if answer._task is not None:
            answer._task.cancel()

    async def _run(self, answer: Answer, generating: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait_for(generating, self._settings.answer_timeout)
            answer.check()
            answer.ending = "done"
        except asyncio.CancelledError:
            answer.ending = answer.ending or "stopped"
        except TimeoutError:
            self._fail(
                answer,
                errors.TimedOut(
                    f"The answer was cut after {self._settings.answer_timeout:g} seconds. "
                    "Ask for less at once, or raise ANSWER_TIMEOUT."
                ),
            )
        except errors.ChatError as error:
            self._fail(answer, error)
        except Exception:
            log.exception("answer %s failed", answer.id)
            self._fail(answer, errors.OllamaFailed("Something went wrong here. Try again."))
        await self._end(answer)

    async def _generate(self, answer: Answer) -> None:
        on_sent.set(answer.sent.set)
        while True:
            answer.waits_for_ollama = False
            try:
                async for piece in self._llm.stream(answer.request):
                    answer.add(piece.text, piece.thinking)
                    if answer.begun.is_set():
                        _count_begun(answer)
                    answer.stats = piece.stats
                return
            except errors.ImagesRefused:
                if not answer.request.image_count:
                    raise
                answer.leave_out_images()
            except errors.ThinkingRefused:
                if answer.request.parameters.think is None:
                    raise
                answer.request = answer.request.without_think()
            except errors.ContextOverflow as error:
                if answer.begun.is_set() or not answer.num_ctx:
                    raise
                answer.estimated = error.tokens or answer.estimated
                answer.shorten()
            except errors.OllamaUnreachable:
                waited = time.monotonic() - answer.started
                if not answer.patient or answer.first_text or waited > _PATIENCE_S:
                    raise
                answer.waits_for_ollama = True
                await asyncio.sleep(_RETRY_S)

    def _fail(self, answer: Answer, error: errors.ChatError) -> None:
        answer.ending = "failed"
        answer.error = error

    async def _end(self, answer: Answer) -> None:
        answer.complete()
        answer.ended = time.monotonic()
        _count_begun(answer)
        if answer.keeper:
            answer.error = await self._keep(answer.keeper.finish, answer) or answer.error
        with self._lock:
            del self._running[answer.id]
        metrics.observe(answer)
        answer.finished.set()
        answer.begun.set()
        answer.over.set()

    async def _keep(
        self, call: Callable[[Answer], None], answer: Answer
    ) -> errors.ChatError | None:
        try:
            await asyncio.to_thread(call, answer)
        except Exception as error:
            log.exception("answer %s could not be kept", answer.id)
            return error if isinstance(error, errors.ChatError) else errors.ChatError(_NOT_KEPT)
        return None


def _count_begun(answer: Answer) -> None:
    if answer._waits:
        answer._waits = False
        metrics.WAITING.dec()
