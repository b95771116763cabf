"""Stop and a closed tab, while the answer is queued, read or written: how soon is Ollama idle?"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count, groupby, product
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.lib import raw
from benchmarks.lib.measure import cpu_seconds, measure_quietly
from benchmarks.lib.report import Report
from locustfiles.streamlit_client.user import Asking, StreamlitUser
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.product import RealOllama, Served

PHASES = ("queued", "reading", "writing")
ACTIONS = ("stop", "close")
# The runner is idle when it uses less than this share of a core for this time.
IDLE_CORES, IDLE_S = 0.1, 0.1
# About 1500 tokens: seconds of reading, so that an evaluation which goes on cannot be missed.
LONG_PROMPT = " ".join(f"{n} bottles of milk stand on the wall." for n in range(135))
OTHER = {"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": "Hold the slot"}]}
# With no template around it, the model goes on to count and never ends by itself.
COUNTING = {"prompt": " ".join(map(str, range(1, 40))), "raw": True}


@dataclass(frozen=True)
class Ending:
    """Seconds until Ollama was idle after `action` in `phase`; `kept`: the partial answer is."""

    ollama: str
    action: str
    phase: str
    seconds: float
    kept: bool
    noise: float = 0


def on_fake(page: Served, fake: FakeOllama) -> Iterator[Ending]:
    """Yield all endings, as the fake Ollama counts them: no generation under way or waiting."""
    for phase, action in product(PHASES, ACTIONS):
        delay = 600 if phase == "reading" else 0
        fake.set(slots=1, tokens=10_000, tokens_per_second=40, first_token_delay=delay)
        if phase == "queued":
            fake.fail(stall(after=0))
            with _occupy_slot(fake.url, OTHER):
                fake.wait_for(lambda f: f.active == 1)
                yield _on_fake(page, fake, action, phase, others=1)
        else:
            yield _on_fake(page, fake, action, phase, others=0)
        fake.wait_for(lambda f: f.active == 0)


def _on_fake(page: Served, fake: FakeOllama, action: str, phase: str, others: int) -> Ending:
    with StreamlitUser(page.url) as user:
        asking = user.begin("Count to ten thousand")
        asking.wait_for_prompt()
        if phase == "writing":
            asking.wait_for_text(120)
        fake.wait_for(lambda f: f.active + f.waiting == others + 1)
        started = _end_answer(user, action)
        fake.wait_for(lambda f: f.active + f.waiting == others, timeout=60)
        seconds = time.perf_counter() - started
        return Ending("fake", action, phase, seconds, phase != "writing" or _is_kept(user, asking))


class OnReal:
    """All endings, as the CPU of Ollama's runner shows them."""

    def __init__(self, page: Served, ollama: RealOllama, body: dict[str, Any], quick: bool) -> None:
        self._page, self._url, self._body, self._quick = page, ollama.url, body, quick
        self._pids = [page.process.pid, ollama.process.pid]
        self._runner = psutil.Process(ollama.process.pid).children(recursive=True)[0].pid
        self._numbers = count(1)

    def __iter__(self) -> Iterator[Ending]:
        """Measure one ending after the other, on a quiet machine."""
        for phase, action in product(PHASES, ACTIONS):
            yield self._measure_quietly(
                {"queued": self._measure_queued}.get(phase, self._measure_under_way), action, phase
            )
            if (phase, action) == ("reading", "close"):
                yield self._measure_quietly(self._measure_raw, "raw client", phase)

    def _measure_quietly(
        self, measure: Callable[[str, str], Ending], action: str, phase: str
    ) -> Ending:
        def measure_ending() -> Ending:
            self._wait_for_cpu(busy=False)
            return measure(action, phase)

        result, noise = measure_quietly(measure_ending, self._pids, self._quick)
        return replace(result, noise=noise)

    def _measure_under_way(self, action: str, phase: str) -> Ending:
        with StreamlitUser(self._page.url) as user:
            asking = user.begin(self._write_prompt(phase))
            asking.wait_for_prompt()
            self._wait_for_cpu(busy=True)
            if phase == "writing":
                asking.wait_for_text(120)
            started = _end_answer(user, action)
            seconds = self._wait_for_cpu(busy=False) - started
            kept = phase != "writing" or _is_kept(user, asking)
            return Ending("real", action, phase, seconds, kept)

    def _measure_queued(self, action: str, phase: str) -> Ending:
        options = self._body["options"] | {"num_predict": 3000, "temperature": 0}
        counting = COUNTING | {"model": self._body["model"], "options": options}
        with StreamlitUser(self._page.url) as user:
            with _occupy_slot(self._url, counting, "/api/generate"):
                self._wait_for_cpu(busy=True)
                user.begin(self._write_prompt("reading")).wait_for_prompt()
                time.sleep(1)  # nothing on the server tells that a request is queued
                _end_answer(user, action)
                time.sleep(1)
            started = time.perf_counter()  # the slot is free: nothing may be left to do
            seconds = self._wait_for_cpu(busy=False) - started
            return Ending("real", action, phase, seconds, True)

    def _measure_raw(self, action: str, phase: str) -> Ending:
        """Return what Ollama needs by itself to notice that a client has left."""
        body = raw.with_prompt(self._body, self._write_prompt(phase))
        with _occupy_slot(self._url, body):
            self._wait_for_cpu(busy=True)
            started = time.perf_counter()
        return Ending("real", action, phase, self._wait_for_cpu(busy=False) - started, True)

    def _write_prompt(self, phase: str) -> str:
        """One that Ollama has not read yet."""
        long = LONG_PROMPT if phase == "reading" else "seconds. Write a long story of that length."
        return f"{next(self._numbers)} {long}"

    def _wait_for_cpu(self, busy: bool) -> float:
        """Wait until the runner is busy or idle; returns the `perf_counter` when that began."""
        while True:
            began, before = time.perf_counter(), cpu_seconds(self._runner)
            time.sleep(IDLE_S)
            used = (cpu_seconds(self._runner) - before) / (time.perf_counter() - began)
            if (used > IDLE_CORES) == busy:
                return began


def report_endings(endings: Iterable[Ending], to: Report) -> None:
    """Measure and add the rows, one for each phase."""
    for phase, group in groupby(endings, lambda measure_ending: measure_ending.phase):
        some = list(group)
        ollama = some[0].ollama
        result = ", ".join(f"{e.action} {e.seconds:.2f} s" for e in some)
        if not all(e.kept for e in some):
            result += "; the partial answer is lost"
        met = all(e.seconds <= 1 and e.kept for e in some if e.action in ACTIONS)
        to.add_row(
            f"Ollama ({ollama}) idle after an end while {phase}", "≤ 1 s, answer kept", result, met
        )
        if ollama == "real":
            to.add_noise(max(e.noise for e in some), phase)
        to.details[f"endings while {phase}, {ollama} Ollama"] = [asdict(e) for e in some]


def _end_answer(user: StreamlitUser, action: str) -> float:
    started = time.perf_counter()
    if action == "stop":
        user.stop()
    else:
        user.close()
    return started


def _is_kept(user: StreamlitUser, asking: Asking) -> bool:
    """Return whether the same visitor, after a reload, sees what he saw of the answer."""
    seen = asking.text
    user.close()
    user.connect()
    texts = [text for role, text in user.messages() if role == "assistant"]
    return bool(seen) and bool(texts) and texts[-1].startswith(seen)


@contextmanager
def _occupy_slot(ollama_url: str, body: dict[str, Any], path: str = "/api/chat") -> Iterator[None]:
    """Another client's generation holds a slot of Ollama's; he leaves at the end."""
    connection = http.client.HTTPConnection(urlsplit(ollama_url).netloc)
    connection.request("POST", path, json.dumps(body).encode())
    try:
        yield
    finally:
        connection.close()
