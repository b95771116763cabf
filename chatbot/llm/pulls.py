"""Pulls of models: started once however often they are asked for, resumed, cancelled, told."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar

import ollama
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from chatbot import errors
from chatbot.identity.rights import Rights
from chatbot.llm.client import Llm
from chatbot.llm.failures import ollama_errors
from chatbot.llm.model_disk import check_room
from chatbot.llm.model_names import canonical_name
from chatbot.llm.model_rules import check_pull
from chatbot.notices import Argument, Notice, declare_texts

log = logging.getLogger("chatbot.llm.pulls")

MOST_AT_ONCE = 2

_ATTEMPTS = 5
_LOG_EVERY_S = 5.0
_ENDS_KEPT = 100  # of those that users have asked for

declare_texts(
    {
        "pull_begins": "{model}: asking the registry",
        "pull_status": "{model}: {status}",
        "pull_share": "{model}: {part:.0%} of {size}",
        "pull_pace": "{model}: {part:.0%} of {size}, {speed}/s, about {left} left",
    }
)


class PullsBusy(errors.Busy):
    """As many models as may be are being pulled."""

    texts: ClassVar = {
        "pulls_busy": (
            "{count} model is being pulled, as many as this chat pulls at once. "
            "Try again when it is here.",
            "{count} models are being pulled, as many as this chat pulls at once. "
            "Try again when one of them is here.",
        ),
    }


@dataclass
class Pull:
    """A pull under way: bytes of all layers announced so far, and how it stands.

    `status` is Ollama's word for what it does, empty before the first.
    """

    model: str
    status: str = ""
    completed: int = 0
    total: int = 0
    error: errors.ChatError | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    started: float = field(default_factory=time.monotonic)
    _task: asyncio.Task[None] | None = None
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Return whether it has ended, whichever way."""
        return self.ended.is_set()

    def add_progress(self, status: str, digest: str | None, completed: int, total: int) -> None:
        """Take one line of Ollama's progress."""
        self.status = status
        if digest and total:
            self._layers[digest] = (completed, total)
            self.completed = sum(c for c, _ in self._layers.values())
            self.total = sum(t for _, t in self._layers.values())

    @property
    def fraction(self) -> float:
        """Share of the whole model that is here, 0 to 1."""
        return self.completed / self.total if self.total else 0.0

    @property
    def speed(self) -> float | None:
        """Bytes per second, the mean so far; None while that is unknown."""
        elapsed = time.monotonic() - self.started
        return self.completed / elapsed if self.completed and elapsed > 1 else None

    @property
    def remaining_s(self) -> float | None:
        """Seconds to go at that speed; None while it is unknown."""
        return (self.total - self.completed) / self.speed if self.speed else None

    def describe(self) -> Notice:
        """Return the progress in words."""
        if not self.status:
            return Notice("pull_begins", {"model": self.model})
        if not self.total:
            return Notice("pull_status", {"model": self.model, "status": self.status})
        size = bytes_in_words(self.total)
        share: dict[str, Argument] = {"model": self.model, "part": self.fraction, "size": size}
        speed, left = self.speed, self.remaining_s
        if speed is None or left is None or self.fraction == 1:
            return Notice("pull_share", share)
        pace = {"speed": bytes_in_words(speed), "left": _duration_in_words(left)}
        return Notice("pull_pace", {**share, **pace})


class Pulls:
    """The pulls under way, at most one for each model, and how the last ones ended.

    `is_there` looks whether Ollama has a model now.
    """

    def __init__(
        self,
        llm: Llm,
        loop: asyncio.AbstractEventLoop,
        rights: Rights,
        is_there: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._llm = llm
        self._loop = loop
        self._rights = rights
        self._is_there = is_there
        self._pulls: dict[str, Pull] = {}
        self._lock = threading.Lock()

    def find_pull(self, name: str) -> Pull | None:
        """Return the last pull of this model that was asked for, ended or not."""
        return self._pulls.get(canonical_name(name))

    def start_pull(self, user_id: str, name: str) -> Pull:
        """Start to pull `name` for a user, or join the pull under way. Callable from any thread.

        Raises ManagersOnly. Another rule that forbids it is the error with which the pull ends.
        """
        self._rights.check_manager(user_id)
        return self._join_pull(name, self._refuse_pull)

    async def finish_pull(self, name: str) -> Pull:
        """Pull the operator's model `name` and wait for the end, whichever it is.

        What failed for a reason that cannot pass is not pulled again; see `forget_ended`.
        """
        pull = self.find_pull(name)
        if pull is None or pull.error is None or pull.error.may_pass:
            pull = self._join_pull(name)
        await pull.ended.wait()
        return pull

    def cancel_pull(self, user_id: str, name: str) -> None:
        """End the pull of `name` for a user; Ollama keeps the parts that came and resumes there.

        Raises ManagersOnly.
        """
        self._rights.check_manager(user_id)
        self._loop.call_soon_threadsafe(self._cancel_pull, name)

    def forget_ended(self) -> None:
        """Forget how pulls ended: another Ollama may answer now."""
        with self._lock:
            self._pulls = {name: pull for name, pull in self._pulls.items() if not pull.is_done}

    async def close(self) -> None:
        """End the pulls under way."""
        tasks = [pull._task for pull in self._pulls.values() if pull._task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _join_pull(
        self, name: str, refuse: Callable[[str], errors.ChatError | None] = lambda _: None
    ) -> Pull:
        with self._lock:
            pull = self.find_pull(name)
            if pull is None or pull.is_done:
                pull = Pull(name, error=refuse(name))
                if pull.error is None:
                    self._loop.call_soon_threadsafe(self._launch_pull, pull)
                else:
                    pull.ended.set()
                self._pulls[canonical_name(name)] = pull
                self._forget_oldest()
            return pull

    def _refuse_pull(self, name: str) -> errors.ChatError | None:
        """Return why users may not have this pulled now; None if they may."""
        under_way = [pull for pull in self._pulls.values() if not pull.is_done]
        try:
            check_pull(self._llm.settings, name)
            check_room(self._llm.settings, name)
        except errors.ChatError as error:
            return error
        return PullsBusy(count=len(under_way)) if len(under_way) >= MOST_AT_ONCE else None

    def _forget_oldest(self) -> None:
        ended = [name for name, pull in self._pulls.items() if pull.is_done]
        for name in ended[:-_ENDS_KEPT]:
            del self._pulls[name]

    def _launch_pull(self, pull: Pull) -> None:
        def end(_: asyncio.Task[None]) -> None:
            pull.ended.set()

        pull._task = self._loop.create_task(self._run_pull(pull))
        pull._task.add_done_callback(end)  # also when it is cancelled before it has run

    def _cancel_pull(self, name: str) -> None:
        pull = self.find_pull(name)
        if pull is not None and pull._task is not None and pull._task.cancel():
            pull.error = errors.ChatError("pull_cancelled", model=name)

    async def _run_pull(self, pull: Pull) -> None:
        try:
            await self._try_pull(pull)
            if not await self._is_there(pull.model):
                url = self._llm.settings.ollama_base_url
                raise errors.OllamaRefused("model_not_listed", model=pull.model, url=url)
        except errors.ChatError as error:
            pull.error = error
        except Exception:
            log.exception("the pull of %s failed", pull.model)
            pull.error = errors.OllamaFailed("pull_failed", model=pull.model)

    async def _try_pull(self, pull: Pull) -> None:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type((errors.OllamaFailed, errors.TimedOut)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(max=10),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt, ollama_errors(self._llm.settings, pull.model, _broke_off(pull.model)):
                await self._follow_progress(pull, await self._llm.api.pull(pull.model, stream=True))

    async def _follow_progress(
        self, pull: Pull, lines: AsyncIterator[ollama.ProgressResponse]
    ) -> None:
        logged = 0.0
        async for line in lines:
            pull.add_progress(line.status or "", line.digest, line.completed or 0, line.total or 0)
            check_room(self._llm.settings, pull.model, pull.total - pull.completed)
            if time.monotonic() - logged > _LOG_EVERY_S:
                logged = time.monotonic()
                log.info("%s", pull.describe())
        if pull.status != "success":
            raise _broke_off(pull.model)


def _broke_off(model: str) -> errors.OllamaFailed:
    return errors.OllamaFailed("pull_broke_off", model=model)


def bytes_in_words(size: float) -> str:
    """Such as "98 MB" or "4.7 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _duration_in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
