"""Bytes of answers, and what a turn costs late in a conversation and among others; on a fake."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.lib.crowd import Crowd
from benchmarks.lib.measure import Noise, cpu_seconds
from benchmarks.lib.report import Report
from benchmarks.lib.servers import FakeProcess
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import prose
from tests.support.product import Served

TOKENS, TOKENS_PER_SECOND = 48, 40
CROWD = 40  # users at once


@dataclass(frozen=True)
class MeasuredExchange:
    """One answer: CPU seconds of the chat process, bytes as they came and uncompressed."""

    cpu: float
    wire_bytes: int
    message_bytes: int
    text_bytes: int


def measure_exchange(user: StreamlitUser, page: Served, prompt: str) -> MeasuredExchange:
    """Ask and measure, to the last change of the page."""
    before = cpu_seconds(page.process.pid)
    answer = user.ask(prompt)
    cpu = cpu_seconds(page.process.pid) - before
    return MeasuredExchange(cpu, answer.wire_bytes, answer.message_bytes, len(answer.text.encode()))


def report_bytes(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Report the bytes for answers of prose and of code, in a conversation that is open."""
    rate = 200 if quick else TOKENS_PER_SECOND
    with StreamlitUser(page.url) as user:
        fake.set(tokens=TOKENS, tokens_per_second=rate)
        user.ask("Good morning")
        for name, tokens in _write_answers().items():
            fake.set(tokens=tokens)
            turn = measure_exchange(user, page, f"Give me {name}")
            wire = turn.wire_bytes / turn.text_bytes
            plain = turn.message_bytes / turn.text_bytes
            result = f"{wire:.1f} x ({turn.wire_bytes / 1000:.1f} kB; {plain:.1f} x uncompressed)"
            measure = f"bytes to the browser, {name}, {rate} tokens/s"
            to.add_row(measure, "≤ 3 x the text", result, wire <= 3)
            to.details[f"bytes of {name}"] = asdict(turn)


def _write_answers() -> dict[str, list[str]]:
    code = [f"\n    step_{n}(value)" if n % 4 == 0 else f" + {n}" for n in range(798)]
    return {
        "48 tokens of prose": prose(48),
        "200 tokens of prose": prose(200),
        "800 tokens of prose": prose(800),
        "800 tokens of code in one block": ["```python\n", *code, "\n```"],
    }


def report_exchanges(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Measure a conversation of 102 exchanges of 48 tokens: its last against its first."""
    count = 22 if quick else 102
    fake.set(tokens=TOKENS, tokens_per_second=TOKENS_PER_SECOND)
    with StreamlitUser(page.url) as user:
        measure_exchange(user, page, "Good morning")
        before = cpu_seconds(page.process.pid)
        with Noise([page.process.pid, fake.process.pid]) as noise:
            later = [
                measure_exchange(user, page, f"Question {n}, please") for n in range(2, count + 1)
            ]
        cpu = (cpu_seconds(page.process.pid) - before) / len(later) * 1000
    measure = f"CPU of the chat for a {TOKENS}-token answer, turns 2-{count}, all that it does"
    to.add_row(measure, "≤ 14 ms", f"{cpu:.1f} ms", cpu <= 14)
    early, late = later[:5], later[-5:]
    for name, attribute in (("CPU", "cpu"), ("bytes", "wire_bytes")):
        ratio = _median_of(late, attribute) / _median_of(early, attribute)
        most = max(getattr(turn, attribute) for turn in later) / _median_of(early, attribute)
        measure = f"{name}, turns {count - 4}-{count} against turns 2-6, medians"
        to.add_row(measure, "≤ 1.3 x", f"{ratio:.2f} x", ratio <= 1.3)
        to.add_row(f"{name}, the costliest of all turns against turns 2-6", "", f"{most:.2f} x")
    to.add_noise(noise.share, "turns")
    to.details["turns from the second"] = [asdict(turn) for turn in later]


def report_crowd(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Measure what a later turn costs when many ask at the same moment."""
    rounds = 2 if quick else 8
    fake.set(tokens=TOKENS, tokens_per_second=TOKENS_PER_SECOND)
    with Crowd(page.url, CROWD) as crowd:
        crowd.connect(spread=0.05)
        crowd.ask("Good morning")
        pids = [page.process.pid, fake.process.pid, *crowd.pids]
        before = cpu_seconds(page.process.pid)
        with Noise(pids) as noise:
            for number in range(rounds):
                crowd.ask(f"Question {number}, please")
        cpu = (cpu_seconds(page.process.pid) - before) / rounds / CROWD * 1000
        crowd.close()
    measure = f"CPU of the chat for a {TOKENS}-token answer among {CROWD}, later turns"
    to.add_row(measure, "≤ 12 ms", f"{cpu:.1f} ms", cpu <= 12)
    to.add_noise(noise.share, "crowd")
    to.details["CPU of an answer among others, ms"] = cpu


def _median_of(some: Sequence[MeasuredExchange], attribute: str) -> float:
    return float(statistics.median(getattr(turn, attribute) for turn in some))
