"""What the fake Ollama can be told (knobs, faults) and asked (records, counts)."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

DEFAULT_MODEL = "smollm2:135m-instruct-q4_1"
SYLLABLES = "an ber co den el fi gar hu in jo ka lu mer no or pe qui ra sto tu un ve wi yo"
COUNTS = ("active", "waiting", "finished", "aborted")


@dataclass(frozen=True)
class Fault:
    """A refusal with `status` and `error`, or a stream that breaks after `after` lines."""

    kind: Literal["status", "page", "cut", "malformed", "error", "stall"]
    after: int = 0
    status: int = 500
    error: str = "an error was encountered while running the model: unexpected EOF"
    content_type: str = "text/html"  # of a page


BUSY = Fault(
    "status", status=503, error="server busy, please try again.  maximum pending requests exceeded"
)
CRASHED = Fault("status", error="llama runner process has terminated: exit status 2")
OUT_OF_MEMORY = Fault(
    "status", error="model requires more system memory (5.6 GiB) than is available (3.1 GiB)"
)
TOO_LONG = Fault("status", status=400, error="the input length exceeds the context length")


def model_missing(name: str) -> Fault:
    """Return the refusal that a model which is not installed meets."""
    return Fault("status", status=404, error=f"model '{name}' not found")


def page(
    status: int, body: str = "<html><h1>Bad Gateway</h1>nginx</html>", kind: str = "text/html"
) -> Fault:
    """Return what another program than Ollama answers, such as a proxy before it."""
    return Fault("page", status=status, error=body, content_type=kind)


def cut(after: int) -> Fault:
    """Drop the connection after `after` tokens."""
    return Fault("cut", after)


def malformed(after: int) -> Fault:
    """Send a line that is not JSON after `after` tokens, then go on with the stream."""
    return Fault("malformed", after)


def error_line(after: int, error: str = Fault.error) -> Fault:
    """End a stream by `{"error": …}` after `after` tokens, as when the runner is killed."""
    return Fault("error", after, error=error)


def stall(after: int) -> Fault:
    """Nothing comes after `after` tokens until `FakeOllama.resume()` or the client leaves."""
    return Fault("stall", after)


@dataclass(frozen=True)
class Request:
    """A request as it came, `at` in Unix seconds; `json` is None when the body was no JSON."""

    method: str
    path: str
    json: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    at: float = field(default_factory=time.time)


@functools.cache
def prose(count: int) -> list[str]:
    """`count` tokens, always the same: words in Markdown paragraphs of 40, as varied as English."""
    dice = random.Random(1)
    vocabulary = [
        "".join(dice.choices(SYLLABLES.split(), k=dice.randint(1, 4))) for _ in range(500)
    ]
    gaps = ("" if i == 0 else "\n\n" if i % 40 == 0 else " " for i in range(count))
    return [gap + dice.choice(vocabulary) for gap in gaps]


class State:
    """The fake Ollama's knobs and records. A knob may be set at any time, for the next requests.

    Knobs: `models` (names installed), `capabilities` (by name, beyond completion), `fields` (by
    path and model: what is told there instead, `...` for nothing), `thinking` (its tokens, before
    the answer's, unless the request says not to think), `tokens` (the answer's tokens, or how many
    of them; the request's num_predict shortens it), `tokens_per_second` (of each stream; 0: no
    pause), `first_token_delay` (seconds, as if the prompt was read), `slots`
    (answers at once; more wait in order), `prompt_tokens` (the prompt_eval_count to
    tell; None counts words), `basic_auth` (the user:password that it demands, as a proxy would;
    "" for none), `pull_layers` (bytes of each), `pull_seconds` (for a whole pull).
    Records: `requests` (in order), `active` (generations that hold a slot), `waiting` (that wait
    for one), `finished` (answered to the end, or to a fault), `aborted` (the client left before
    the end), `loaded` (models in memory).
    """

    def __init__(self, **knobs: Any) -> None:
        self.models: list[str] = [DEFAULT_MODEL]
        self.capabilities: dict[str, list[str]] = {}
        self.fields: dict[tuple[str, str], dict[str, Any]] = {}
        self.thinking: list[str] = []
        self.tokens: int | list[str] = 8
        self.tokens_per_second = 0.0
        self.first_token_delay = 0.0
        self.slots = 1_000
        self.prompt_tokens: int | None = None
        self.basic_auth = ""
        self.pull_layers = [90_000_000, 1_500, 500]
        self.pull_seconds = 0.0
        self.requests: list[Request] = []
        self.blobs: set[str] = set()
        self.loaded: list[str] = []
        self.active = self.waiting = self.finished = self.aborted = 0
        self._faults: list[tuple[str, Fault]] = []
        self._observed = threading.Condition()
        self.resumed, self._slot_freed = asyncio.Event(), asyncio.Condition()
        self.set(**knobs)

    def set(self, **knobs: Any) -> None:
        """Set several knobs at once. Raises AttributeError for a name that is none."""
        for name, value in knobs.items():
            if name.startswith("_") or not hasattr(self, name):
                raise AttributeError(f"the fake Ollama has no knob {name!r}")
            setattr(self, name, value)

    def customize_entry(self, path: str, model: str, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the entry as the knob `fields` wants it."""
        changed = entry | self.fields.get((path, model), {})
        return {name: value for name, value in changed.items() if value is not ...}

    def find_installed(self, name: str) -> str:
        """Return the installed model that a request means, else the name as it would be listed."""
        listed = name if ":" in name else f"{name}:latest"
        short = listed.lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
        return next((model for model in self.models if model.lower() == short), listed)

    def counts(self) -> dict[str, int]:
        """Return the numbers of active, waiting, finished and aborted ones, and of requests."""
        return {name: getattr(self, name) for name in COUNTS} | {"requests": len(self.requests)}

    def bodies(self, path: str = "/api/chat") -> list[Any]:
        """Return the JSON bodies of the requests for `path`, oldest first."""
        return [request.json for request in self.requests if request.path == path]

    def fail(self, fault: Fault, times: int = 1, path: str = "/api/chat") -> None:
        """Let the next `times` requests for `path` meet `fault`."""
        self._faults += [(path, fault)] * times

    def next_fault(self, path: str) -> Fault | None:
        """Return the fault that a request for `path` has to meet now, used up by asking."""
        for entry in self._faults:
            if entry[0] == path:
                self._faults.remove(entry)
                return entry[1]
        return None

    def wait_for(self, condition: Callable[[Self], bool], timeout: float = 60) -> None:
        """Return as soon as `condition(self)` holds; TimeoutError after `timeout` seconds."""
        with self._observed:
            if not self._observed.wait_for(lambda: condition(self), timeout):
                raise TimeoutError(f"not within {timeout} s: {self.counts()}, {self.requests}")

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Let records change inside; whoever is in `wait_for` looks again afterwards."""
        with self._observed:
            yield
            self._observed.notify_all()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the slots, after those who came before."""
        await self._wait_for_slot()
        try:
            yield
            with self.changing():
                self.finished += 1
        except asyncio.CancelledError:
            with self.changing():
                self.aborted += 1
            raise
        finally:
            with self.changing():
                self.active -= 1
            async with self._slot_freed:
                self._slot_freed.notify_all()

    async def _wait_for_slot(self) -> None:
        with self.changing():
            self.waiting += 1
        try:
            async with self._slot_freed:
                await self._slot_freed.wait_for(lambda: self.active < self.slots)
                with self.changing():
                    self.active += 1
        except asyncio.CancelledError:
            with self.changing():
                self.aborted += 1
            raise
        finally:
            with self.changing():
                self.waiting -= 1
