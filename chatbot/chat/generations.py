"""The answers that this process makes: bounded in number and time, stopped at any moment.

Each lives apart from the page that shows it, and what came of it is kept.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from chatbot import errors, metrics
from chatbot.chat.generation import Generation
from chatbot.chat.shares import AnswerBound, Asker, list_answer_bounds, log_refusal
from chatbot.history import is_brief
from chatbot.llm.client import Llm, on_sent
from chatbot.settings import Settings

log = logging.getLogger("chatbot.chat.generations")

RETRY_S = 0.5  # how often a lost Ollama is asked for again
INTERRUPTION_S = 5.0  # a page whose connection was cut is back by then, if it comes at once
PATIENCE_S = 120.0  # how long an answer waits for Ollama to come back
KEEP_PATIENCE_S = 60.0  # how long its end waits for the history to come back


class Generations:
    """All answers under way in this process. `start` and `stop` may be called from any thread."""

    def __init__(self, settings: Settings, llm: Llm, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._llm = llm
        self._loop = loop
        self._running: dict[str, Generation] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self.draining = False
        """Whether the process is about to end; what still comes is answered."""
        self.closed = False
        """Whether new prompts are refused."""
        metrics.SLOTS.set(max(1, settings.ollama_num_parallel))

    @property
    def running(self) -> list[Generation]:
        """Return those that have not ended."""
        return list(self._running.values())

    def start(self, generation: Generation) -> Generation:
        """Begin an answer. Raises ShareExceeded, Busy or Draining when none can begin now.

        Where as many are under way as may be, it takes the place of one that nobody watches.
        """
        with self._lock:
            self.check_capacity(generation.asker)
            for bound in list_answer_bounds(generation.asker, self._settings):
                if (left := self._find_place(bound)) is not None:
                    self.abandon(left)
            self._running[generation.id] = generation
        metrics.ACTIVE.inc()
        metrics.WAITING.inc()
        self._loop.call_soon_threadsafe(self._launch_tasks, generation)
        return generation

    def check_capacity(self, asker: Asker) -> None:
        """Raise ShareExceeded, Busy or Draining when no answer of this asker's can begin now."""
        if self.closed:
            metrics.REFUSED.labels("draining").inc()
            raise errors.Draining()
        for bound in list_answer_bounds(asker, self._settings):
            try:
                self._find_place(bound)
            except errors.ChatError as error:
                metrics.REFUSED.labels(error.code).inc()
                raise log_refusal(asker, error) from None

    def _find_place(self, bound: AnswerBound) -> Generation | None:
        """Return the answer that has to give its place to a new one; None where one is free.

        Raises what the bound refuses with when there is none.
        """
        counted = [one for one in self.running if one.ending is None and bound.counts(one.asker)]
        if len(counted) < bound.most:
            return None
        if (left := self.find_left(counted)) is None:
            raise bound.refuse(len(counted))
        return left

    def find_left(self, among: Iterable[Generation]) -> Generation | None:
        """Return the answer that nobody has watched for longest; None when each was of late."""
        grace = min(self._settings.abandoned_after, INTERRUPTION_S)
        since = time.monotonic() - grace
        left = [
            generation
            for generation in among
            if generation.ending is None
            and generation.watched_at < since
            and not generation.is_watched
        ]
        return min(left, key=lambda generation: generation.watched_at, default=None)

    def abandon(self, generation: Generation) -> None:
        """End an answer that nobody waits for; what came is kept."""
        log.info("answer %s: nobody waits for it", generation.id)
        generation.ending = generation.ending or "abandoned"
        self.stop(generation)

    def find_generation(self, message_id: str) -> Generation | None:
        """Return the answer under way with this id; None when it has ended, or is elsewhere."""
        return self._running.get(message_id)

    def count_ahead(self, generation: Generation) -> int:
        """Return how many that began before this one are still under way."""
        return sum(1 for other in self.running if other.started_at < generation.started_at)

    def stop(self, generation: Generation) -> None:
        """End an answer; what came is kept, and Ollama stops to evaluate."""
        self._loop.call_soon_threadsafe(self.cancel, generation)

    @contextmanager
    def stop_left(self, user_id: str) -> Iterator[None]:
        """End the user's answers that somebody waits for before the block, and nobody after it."""
        watched = [
            generation
            for generation in self.running
            if generation.user_id == user_id and generation.is_watched
        ]
        yield
        for generation in watched:
            if not generation.is_watched:
                self.stop(generation)

    def cancel(self, generation: Generation) -> None:
        """End an answer, as `stop` does, from the event loop."""
        if generation.task is not None:
            generation.task.cancel()

    async def close(self) -> bool:
        """Refuse new prompts and cut the answers under way, which are kept.

        Return whether there were any.
        """
        with self._lock:
            self.closed = True
            running = self.running
        for generation in running:
            generation.ending = generation.ending or "interrupted"
            self.cancel(generation)
        await asyncio.gather(*(generation.finished.wait() for generation in running))
        return bool(running)

    async def save_text(self, generation: Generation) -> None:
        """Keep the text so far; a failure is in the log, and the next call may succeed."""
        if generation.keeper:
            await self._keep_message(generation.keeper.save, generation)

    def _launch_tasks(self, generation: Generation) -> None:
        # Two tasks: only the inner one is ever cancelled, so that the end is always kept.
        generation.task = self._loop.create_task(self._stream_parts(generation))
        self._ends.add(end := self._loop.create_task(self._run_to_end(generation, generation.task)))
        end.add_done_callback(self._ends.discard)

    async def _run_to_end(self, generation: Generation, streaming: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait_for(streaming, self._settings.answer_timeout)
            generation.check_text()
            generation.ending = "done"
        except asyncio.CancelledError:
            generation.ending = generation.ending or "stopped"
        except TimeoutError:
            seconds = self._settings.answer_timeout
            _mark_failed(generation, errors.TimedOut("answer_timed_out", count=seconds))
        except errors.ChatError as error:
            _mark_failed(generation, error)
        except Exception:
            log.exception("answer %s failed", generation.id)
            _mark_failed(generation, errors.OllamaFailed("answer_failed"))
        await self._end_generation(generation)

    async def _stream_parts(self, generation: Generation) -> None:
        on_sent.set(generation.sent.set)
        await self._wait_for_turn(generation)
        while True:
            generation.waits_for_ollama = False
            try:
                async for piece in self._llm.stream_answer(generation.request):
                    generation.add_part(piece.text, piece.thinking)
                    if generation.begun.is_set():
                        _count_begun(generation)
                    generation.statistics = piece.statistics
                return
            except errors.ImagesRefused:
                if not generation.request.image_count:
                    raise
                generation.leave_out_images()
            except errors.ThinkingRefused:
                if generation.request.parameters.think is None:
                    raise
                generation.request = generation.request.without_think()
            except errors.ContextOverflow as error:
                if generation.begun.is_set() or not generation.num_ctx:
                    raise
                generation.estimated = error.tokens or generation.estimated
                generation.leave_out_messages()
            except errors.OllamaUnreachable:
                waited = time.monotonic() - generation.started_at
                if not generation.patient or generation.first_text_at or waited > PATIENCE_S:
                    raise
                generation.waits_for_ollama = True
                generation.tell_change()
                await asyncio.sleep(RETRY_S)

    async def _wait_for_turn(self, generation: Generation) -> None:
        """Wait until the visitor's earlier prompts to the model have their first word, or an end.

        A model's queue takes prompts as they come. With one of each visitor in it, everybody gets
        the next free slot by turns, however many prompts somebody has sent.
        """
        for earlier in self.running:
            if _stands_behind(generation, earlier):
                while not earlier.begun.is_set():
                    await earlier.wait_for_change()

    async def _end_generation(self, generation: Generation) -> None:
        generation.complete_text()
        generation.ended_at = time.monotonic()
        _count_begun(generation)
        if generation.keeper:
            error = await self._keep_end(generation.keeper.finish, generation)
            generation.error = error or generation.error
        with self._lock:
            del self._running[generation.id]
        _count_ended(generation)
        generation.finished.set()
        generation.has_text.set()
        generation.begun.set()
        generation.over.set()
        generation.tell_change()

    async def _keep_end(
        self, finish: Callable[[Generation], None], generation: Generation
    ) -> errors.ChatError | None:
        """Keep the end, also where the history is away for a moment."""
        until = time.monotonic() + KEEP_PATIENCE_S
        while (error := await self._keep_message(finish, generation)) is not None:
            if not is_brief(error) or self.closed or time.monotonic() > until:
                break
            await asyncio.sleep(RETRY_S)
        return error

    async def _keep_message(
        self, call: Callable[[Generation], None], generation: Generation
    ) -> errors.ChatError | None:
        try:
            await asyncio.to_thread(call, generation)
        except errors.ChatError as error:  # its reason is in the log
            log.warning("answer %s could not be kept: %s", generation.id, error.code)
            return error
        except Exception:
            log.exception("answer %s could not be kept", generation.id)
            return errors.ChatError("answer_not_kept")
        return None


def _stands_behind(generation: Generation, earlier: Generation) -> bool:
    """Return whether another answer of the same visitor was to come from the same model first."""
    visitor, started_at = generation.asker.visitor, generation.started_at
    is_same = (earlier.asker.visitor, earlier.model) == (visitor, generation.model)
    return bool(visitor) and is_same and earlier.started_at < started_at


def _mark_failed(generation: Generation, error: errors.ChatError) -> None:
    generation.ending, generation.error = "failed", error


def _count_begun(generation: Generation) -> None:
    if generation.is_counted_waiting:
        generation.is_counted_waiting = False
        metrics.WAITING.dec()


def _count_ended(generation: Generation) -> None:
    metrics.ACTIVE.dec()
    metrics.ENDED.labels(generation.state).inc()
    assert generation.ended_at is not None
    if generation.state == "done":
        metrics.TOTAL.observe(generation.ended_at - generation.started_at)
    if generation.ttft_s is not None:
        metrics.TTFT.observe(generation.ttft_s)
    if (statistics := generation.statistics) is None:
        return
    metrics.TOKENS.labels("input").inc(statistics.input_tokens)
    metrics.TOKENS.labels("output").inc(statistics.output_tokens)
    if generation.first_text_at and statistics.output_tokens > 1:
        seconds = generation.ended_at - generation.first_text_at
        metrics.TPOT.observe(seconds / (statistics.output_tokens - 1))
