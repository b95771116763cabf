"""Ollama's models: which are installed, and pulling one with the progress of the whole model."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import ollama
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from chatbot import errors
from chatbot.failures import ollama_errors
from chatbot.llm import Llm

log = logging.getLogger("chatbot.models")

_PULL_ATTEMPTS = 5
_LOG_EVERY_S = 5.0
# What the authors of the embedded model recommend.
_CALM = {"temperature": 0.2, "top_p": 0.9}


@dataclass(frozen=True, slots=True)
class Model:
    """An installed model: `size` is in bytes on the disk, `context_length` in tokens.

    `capabilities` are Ollama's words: completion, vision, thinking, tools …
    """

    name: str
    size: int
    family: str
    parameters: str
    quantization: str
    digest: str = ""
    capabilities: frozenset[str] = frozenset()
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory: `size` and `vram` (its part on a GPU) in bytes; `until`: Unix seconds."""

    name: str
    size: int
    vram: int
    until: float


@dataclass
class Pull:
    """A pull under way: bytes of all layers announced so far, and how it stands."""

    model: str
    status: str = "asking the registry"
    completed: int = 0
    total: int = 0
    error: errors.ChatError | None = None
    done: bool = False
    started: float = field(default_factory=time.monotonic)
    _task: asyncio.Task[None] | None = None
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, status: str, digest: str | None, completed: int, total: int) -> None:
        """Takes one line of Ollama's progress."""
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

    def describe(self) -> str:
        """The progress in words."""
        if not self.total:
            return f"{self.model}: {self.status}"
        text = f"{self.model}: {self.fraction:.0%} of {bytes_in_words(self.total)}"
        speed, left = self.speed, self.remaining_s
        if speed is None or left is None or self.fraction == 1:
            return text
        return f"{text}, {bytes_in_words(speed)}/s, about {_duration(left)} left"


class Models:
    """What is installed, and the pulls under way (at most one for each model)."""

    def __init__(self, llm: Llm, loop: asyncio.AbstractEventLoop) -> None:
        self._llm = llm
        self._loop = loop
        self._pulls: dict[str, Pull] = {}
        self._lock = threading.Lock()
        self.installed: list[Model] = []
        self.in_memory: set[str] = set()
        self._left_out: set[str] = set()

    async def refresh(self) -> list[Model]:
        """Asks Ollama for the installed models; raises a ChatError."""
        with ollama_errors(self._llm.settings):
            listed = await self._llm.api.list()
            known = {(model.name, model.digest): model for model in self.installed}
            models = [
                known.get((one.model or "", one.digest or "")) or await self._described(one)
                for one in listed.models
            ]
        self.installed = sorted(filter(None, models), key=lambda model: model.name)
        return self.installed

    async def _described(self, one: ollama.ListResponse.Model) -> Model | None:
        """The model with what it can do; None if it is damaged, or deleted since it was listed."""
        try:
            shown = await self._llm.api.show(one.model or "")
        except ollama.ResponseError as error:
            if (name := one.model or "") not in self._left_out:  # it is asked for again and again
                log.warning("%s is left out: %s", name, error.error)
                self._left_out.add(name)
            return None
        lengths = (v for k, v in (shown.modelinfo or {}).items() if k.endswith(".context_length"))
        return replace(
            _model(one),
            capabilities=frozenset(shown.capabilities or ()),
            context_length=next(lengths, None),
        )

    def can(self, name: str, capability: str) -> bool:
        """Whether the model has a capability such as "vision" or "thinking"."""
        model = self.find(name)
        return model is not None and capability in model.capabilities

    def find(self, name: str) -> Model | None:
        """The model, if it was installed when Ollama was last asked."""
        return next((model for model in self.installed if _is(model.name, name)), None)

    def has(self, name: str) -> bool:
        """Whether the model was installed when Ollama was last asked."""
        return self.find(name) is not None

    async def is_loaded(self, name: str) -> bool:
        """Whether Ollama has the model in memory now; raises a ChatError."""
        return any(_is(one.name, name) for one in await self.loaded())

    async def loaded(self) -> list[Loaded]:
        """The models that Ollama has in memory now; raises a ChatError."""
        with ollama_errors(self._llm.settings):
            running = await self._llm.api.ps()
        self.in_memory = {one.model or "" for one in running.models}
        return [_loaded(one) for one in running.models]

    async def unload(self, name: str) -> None:
        """Takes a model out of memory; raises a ChatError."""
        with ollama_errors(self._llm.settings, name):
            await self._llm.api.generate(model=name, keep_alive=0)

    async def delete(self, name: str) -> None:
        """Deletes a model from the disk; raises a ChatError."""
        with ollama_errors(self._llm.settings, name):
            await self._llm.api.delete(name)
        log.info("%s: deleted", name)
        await self.refresh()

    def pulling(self, name: str) -> Pull | None:
        """The last pull of this model that was asked for, ended or not."""
        return self._pulls.get(name)

    def pull(self, name: str) -> Pull:
        """Starts to pull `name`, or joins the pull under way. Callable from any thread."""
        with self._lock:
            pull = self._pulls.get(name)
            if pull is None or pull.done:
                pull = self._pulls[name] = Pull(name)
                self._loop.call_soon_threadsafe(self._launch, pull)
            return pull

    def cancel(self, name: str) -> None:
        """Ends the pull of `name`; Ollama keeps the parts that came and resumes there."""
        self._loop.call_soon_threadsafe(self._cancel, name)

    async def provide(self, name: str) -> Pull:
        """Pulls `name` and waits for the end, whichever it is."""
        pull = self.pull(name)
        while not pull.done:
            await asyncio.sleep(0.05)
        return pull

    async def create(self, name: str, file: Path) -> None:
        """Makes the model `name` in Ollama from a GGUF file; raises a ChatError."""
        log.info("%s: creating it from %s", name, file.name)
        with ollama_errors(self._llm.settings, name):
            digest = await self._llm.api.create_blob(file)
            files = {file.name: digest}
            async for line in await self._llm.api.create(
                name, files=files, parameters=_CALM, stream=True
            ):
                log.info("%s: %s", name, line.status)
        await self.refresh()

    async def close(self) -> None:
        """Ends the pulls under way."""
        tasks = [pull._task for pull in self._pulls.values() if pull._task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _launch(self, pull: Pull) -> None:
        def end(_: asyncio.Task[None]) -> None:
            pull.done = True

        pull._task = self._loop.create_task(self._run(pull))
        pull._task.add_done_callback(end)  # also when it is cancelled before it has run

    def _cancel(self, name: str) -> None:
        pull = self._pulls.get(name)
        if pull is not None and pull._task is not None and pull._task.cancel():
            pull.error = errors.ChatError(f"The pull of {name} was cancelled.")

    async def _run(self, pull: Pull) -> None:
        try:
            await self._pull(pull)
            await self.refresh()
        except errors.ChatError as error:
            pull.error = error
        except Exception:
            log.exception("the pull of %s failed", pull.model)
            pull.error = errors.OllamaFailed(f"The pull of {pull.model} failed. Try again.")

    async def _pull(self, pull: Pull) -> None:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type((errors.OllamaFailed, errors.TimedOut)),
            stop=stop_after_attempt(_PULL_ATTEMPTS),
            wait=wait_exponential(max=10),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt, ollama_errors(self._llm.settings, pull.model, _broke_off(pull.model)):
                await self._follow(pull, await self._llm.api.pull(pull.model, stream=True))

    async def _follow(self, pull: Pull, lines: AsyncIterator[ollama.ProgressResponse]) -> None:
        logged = 0.0
        async for line in lines:
            pull.note(line.status or "", line.digest, line.completed or 0, line.total or 0)
            if time.monotonic() - logged > _LOG_EVERY_S:
                logged = time.monotonic()
                log.info("%s", pull.describe())
        if pull.status != "success":
            raise errors.OllamaFailed(_broke_off(pull.model))


def names(models: Iterable[Model]) -> list[str]:
    """The models' names."""
    return [model.name for model in models]


def _is(full_name: str, name: str) -> bool:
    return full_name in (name, f"{name}:latest")


def _broke_off(model: str) -> str:
    return f"The pull of {model} broke off. Try again; it goes on where it was."


def _model(one: ollama.ListResponse.Model) -> Model:
    details = one.details
    return Model(
        name=one.model or "",
        size=int(one.size or 0),
        family=(details and details.family) or "",
        parameters=(details and details.parameter_size) or "",
        quantization=(details and details.quantization_level) or "",
        digest=one.digest or "",
    )


def _loaded(one: ollama.ProcessResponse.Model) -> Loaded:
    until = one.expires_at.timestamp() if one.expires_at else 0.0
    return Loaded(one.model or "", int(one.size or 0), int(one.size_vram or 0), until)


def bytes_in_words(size: float) -> str:
    """Such as "98 MB" or "4.7 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
