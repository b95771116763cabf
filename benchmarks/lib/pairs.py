"""The page against raw /api/chat: same server, model, options and messages; one after the other."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from typing import Any

import httpx

from benchmarks.lib import raw
from benchmarks.lib.measure import cpu_seconds, measure_quietly, p95
from benchmarks.lib.report import Report
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.product import RealOllama, Served

SUBJECTS = (
    "Lighthouses bridges glaciers violins deserts bakeries submarines orchards telescopes castles "
    "railways volcanoes libraries dolphins windmills markets robots mountains pianos gardens "
    "harbours comets museums rivers kites theatres islands clocks forests balloons canals owls "
    "caravans temples stadiums spiders tunnels waterfalls newspapers sailors chemists painters "
    "astronauts farmers detectives weavers bees turtles parachutes carpets mirrors lanterns "
    "elephants wizards dentists pumpkins tractors umbrellas jackets gloves beaches cactuses"
)


@dataclass(frozen=True)
class Pair:
    """One page answer and one raw answer. Seconds, tokens per second; `noise`: others' CPU."""

    page_ttft: float
    page_rate: float
    page_cpu: float
    page_total: float
    raw_ttft: float
    raw_rate: float
    raw_total: float
    noise: float = 0


class Comparison:
    """Measures pairs; each page answer is the first of a new conversation, as the raw one is."""

    def __init__(self, page: Served, ollama: RealOllama, body: dict[str, Any]) -> None:
        self._page, self._ollama, self._body = page, ollama, body
        self._prompts = _write_prompts()
        self._user = StreamlitUser(page.url)
        self._http = httpx.Client(base_url=page.url)

    def measure_pairs(self, count: int, quick: bool) -> list[Pair]:
        """`count` pairs; the page comes first in every other one."""
        self._measure_pair(True)  # the first answer of fresh servers
        pids = [self._page.process.pid, self._ollama.process.pid]
        pairs: list[Pair] = []
        for page_first in islice(cycle((True, False)), count):
            pair, noise = measure_quietly(partial(self._measure_pair, page_first), pids, quick)
            pairs.append(replace(pair, noise=noise))
        return pairs

    def _measure_pair(self, page_first: bool) -> Pair:
        """One pair; again if one of the answers ended before half its tokens."""
        self._user.connect(query="")
        raw = None if page_first else self._ask_raw()
        tokens_before = self._count_tokens()
        before = cpu_seconds(self._page.process.pid)
        answer = self._user.ask(next(self._prompts))
        cpu = cpu_seconds(self._page.process.pid) - before
        tokens = self._count_tokens() - tokens_before
        raw = raw or self._ask_raw()
        self._user.close()
        limit = self._body["options"]["num_predict"]
        if min(tokens, raw.tokens) < limit / 2 or answer.ttft is None:
            return self._measure_pair(page_first)
        rate = (tokens - 1) / (answer.last_text - answer.ttft)
        times = (answer.ttft, rate, cpu, answer.last_text)
        return Pair(*times, raw.ttft, raw.rate, raw.last_text)

    def _ask_raw(self) -> raw.RawAnswer:
        return raw.ask_ollama(self._ollama.url, raw.with_prompt(self._body, next(self._prompts)))

    def _count_tokens(self) -> int:
        """Return the tokens that the page has had from Ollama so far."""
        text = self._http.get("/metrics").text
        name = 'chat_tokens_total{direction="output"}'
        return sum(int(float(x.split()[-1])) for x in text.splitlines() if x.startswith(name))


def report_pairs(pairs: list[Pair], to: Report) -> None:
    """Add the rows."""
    over = [(pair.page_ttft - pair.raw_ttft) * 1000 for pair in pairs]
    middle, high = statistics.median(over), p95(over)
    raw_ttft = statistics.median(pair.raw_ttft for pair in pairs) * 1000
    to.add_row(
        f"TTFT over raw ({raw_ttft:.0f} ms), median of {len(pairs)}",
        "≤ +8 ms",
        f"{middle:+.1f} ms",
        middle <= 8,
    )
    to.add_row("TTFT over raw, p95", "≤ +25 ms", f"{high:+.1f} ms", high <= 25)
    raw_rate = statistics.median(pair.raw_rate for pair in pairs)
    ratio = statistics.median(pair.page_rate for pair in pairs) / raw_rate
    to.add_row(
        f"tokens per second on the page, raw is {raw_rate:.0f}",
        "≥ 0.98 of raw",
        f"{ratio:.3f}",
        ratio >= 0.98,
    )
    whole = statistics.median(p.page_total for p in pairs) / statistics.median(
        p.raw_total for p in pairs
    )
    to.add_row("prompt sent to last text, against raw", "", f"{whole:.3f} x")
    cpu = statistics.median(pair.page_cpu for pair in pairs) * 1000
    to.add_row(
        "CPU of the chat for an answer that opens a conversation",
        "≤ 25 ms",
        f"{cpu:.1f} ms",
        cpu <= 25,
    )
    to.add_noise(max(pair.noise for pair in pairs), "pairs")
    to.details["pairs"] = [asdict(pair) for pair in pairs]


def _write_prompts() -> Iterator[str]:
    for round_number in ("story", "speech", "letter", "song"):
        for subject in SUBJECTS.split():
            yield f"{subject} are my subject. Write a long {round_number} about them."
    raise RuntimeError("no prompts are left: the machine was never quiet")
