"""How many users one chat process holds; against the fake Ollama with 40 tokens/s for each answer.

    python -m benchmarks.many_users [--quick] [--only streaming,people,connects,memory]

Prints a table with the goal beside each figure; a whole run writes it to many_users.json and .md
here. Needs a quiet machine. The users, the fake Ollama and the chat are processes of their own.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import psutil

from benchmarks.lib.crowd import LEAD_S, Crowd
from benchmarks.lib.measure import Noise, cpu_seconds, measure_quietly, p95
from benchmarks.lib.report import Report
from benchmarks.lib.servers import FakeProcess, end_servers_on_term
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.product import Served

PARTS = ("streaming", "people", "connects", "memory")
DELAY_S = 0.05  # of the fake Ollama's first token
TOKENS, TOKENS_PER_SECOND = 100, 40
THINK_S = 5
MOST_USERS = 256  # of whom all may wait for an answer at once


def main() -> None:
    """Measure the chosen parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure how many users one chat process holds.")
    parser.add_argument("--quick", action="store_true", help="fewer users, nothing is written")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; nothing is written")
    arguments = parser.parse_args()
    end_servers_on_term()
    parts = arguments.only.split(",") if arguments.only else PARTS
    report = Report("many_users", "Many users of one chat process")
    knobs = {"tokens": TOKENS, "tokens_per_second": TOKENS_PER_SECOND, "first_token_delay": DELAY_S}
    measures = {
        "streaming": report_streaming,
        "people": report_people,
        "connects": report_connects,
        "memory": report_memory,
    }
    with tempfile.TemporaryDirectory() as name, FakeProcess(**knobs) as fake:
        for part in parts:
            with Served(fake.url, Path(name) / part, max_answers=MOST_USERS) as page:
                with StreamlitUser(page.url) as first:
                    first.ask("Good morning")
                measures[part](page, fake, report, arguments.quick)
    report.write_files(save=not arguments.quick and parts == PARTS)


@dataclass(frozen=True)
class Round:
    """One prompt of each user: seconds, and cores used by the chat, the users and the fake."""

    ttft_p50: float
    ttft_p95: float
    longest_gap: float
    wall: float
    cores: float
    cores_of_users: float
    cores_of_fake: float


def report_streaming(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """All users send a prompt at once, again and again; the first one opens a conversation."""
    size, rounds = (10, 2) if quick else (40, 4)
    with Crowd(page.url, size) as crowd:
        crowd.connect(spread=0.05)
        pids = [page.process.pid, fake.process.pid]
        taken = [
            measure_quietly(
                partial(_measure_round, crowd, page, fake, f"Question {n}"), pids, quick
            )
            for n in range(rounds)
        ]
        crowd.close()
    first, *later = [result for result, _ in taken]
    _streaming_rows(f"{size} users, new conversations", [first], to)
    _streaming_rows(f"{size} users, later turns", later, to)
    to.add_noise(max(noise for _, noise in taken), "streaming")
    to.details["streaming"] = [asdict(result) for result, _ in taken]


def _measure_round(crowd: Crowd, page: Served, fake: FakeProcess, prompt: str) -> Round:
    def read_counters() -> list[float]:
        chat, ollama = cpu_seconds(page.process.pid), cpu_seconds(fake.process.pid)
        return [time.perf_counter(), chat, crowd.cpu(), ollama]

    before = read_counters()
    answers = crowd.ask(prompt)
    wall, *cpu = (now - then for now, then in zip(read_counters(), before, strict=True))
    wall -= LEAD_S
    ttfts = [(answer.ttft or answer.total) - DELAY_S for answer in answers]
    gap = max(max(answer.gaps, default=0) for answer in answers)
    cores = [seconds / wall for seconds in cpu]
    return Round(statistics.median(ttfts), p95(ttfts), gap, wall, *cores)


def _streaming_rows(who: str, rounds: list[Round], to: Report) -> None:
    def median_of(name: str) -> float:
        return float(statistics.median(getattr(one, name) for one in rounds))

    p50, gap, cores = median_of("ttft_p50"), max(r.longest_gap for r in rounds), median_of("cores")
    to.add_row(f"{who}: TTFT p50 over Ollama's own", "≤ 0.10 s", f"{p50:.3f} s", p50 <= 0.1)
    to.add_row(f"{who}: TTFT p95 over Ollama's own", "", f"{median_of('ttft_p95'):.3f} s")
    to.add_row(f"{who}: longest gap", "≤ 0.2 s", f"{gap:.3f} s", gap <= 0.2)
    others = f"users {median_of('cores_of_users'):.2f}, Ollama {median_of('cores_of_fake'):.2f}"
    to.add_row(f"{who}: cores of the chat", "≤ 0.4", f"{cores:.2f} ({others})", cores <= 0.4)
    ideal = DELAY_S + (TOKENS - 1) / TOKENS_PER_SECOND
    to.add_row(
        f"{who}: time until all have ended", "", f"{median_of('wall'):.2f} s ({ideal:.2f} ideal)"
    )


def report_people(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Many people who chat for a while, each at their own pace: ask, read the answer, think."""
    size, seconds = (40, 15) if quick else (200, 60)
    with Crowd(page.url, size) as crowd:
        crowd.connect(spread=0.05)
        crowd.chat(seconds / 4, THINK_S)  # until they ask at different moments
        pids = [page.process.pid, fake.process.pid, *crowd.pids]
        before, began = cpu_seconds(page.process.pid), time.perf_counter()
        with Noise(pids) as noise:
            answers = crowd.chat(seconds, THINK_S)
        cores = (cpu_seconds(page.process.pid) - before) / (time.perf_counter() - began)
        crowd.close()
    who = f"{size} people who think for {THINK_S} s"
    over = p95([(answer.ttft or answer.total) - DELAY_S for answer in answers]) * 1000
    to.add_row(f"{who}: cores of the chat", "≤ 0.35", f"{cores:.2f}", cores <= 0.35)
    to.add_row(f"{who}: TTFT p95 over Ollama's own", "≤ 60 ms", f"{over:.0f} ms", over <= 60)
    to.add_row(f"{who}: answers a second", "", f"{len(answers) / seconds:.1f}")
    to.add_noise(noise.share, "people")
    to.details["people"] = {"cores": cores, "ttft": [answer.ttft for answer in answers]}


def report_connects(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Measure users who open the page at once; repeated with fresh users, the median counts."""
    size, rounds = (10, 1) if quick else (50, 3)
    times: list[float] = []
    noises: list[float] = []
    for _ in range(rounds):
        with Crowd(page.url, size) as crowd:
            pids = [page.process.pid, fake.process.pid]
            seconds, noise = measure_quietly(crowd.connect, pids, quick)
            crowd.close()
        times.append(seconds)
        noises.append(noise)
    seconds = statistics.median(times)
    to.add_row(
        f"{size} connects at once: the last page is drawn",
        "≤ 0.5 s",
        f"{seconds:.2f} s",
        seconds <= 0.5,
    )
    to.add_noise(max(noises), "connects")
    to.details["connects"] = times


def report_memory(page: Served, fake: FakeProcess, to: Report, quick: bool) -> None:
    """Idle sessions: what the second fifty take after the first ten."""
    size = 20 if quick else 50
    process = psutil.Process(page.process.pid)
    with Crowd(page.url, 10) as early, Crowd(page.url, size) as late:
        early.connect(spread=0.1)
        before = process.memory_info().rss
        late.connect(spread=0.1)
        after = process.memory_info().rss
    each = (after - before) / size / 1024
    to.add_row(f"an idle session, {size} after 10", "≤ 80 KiB", f"{each:.0f} KiB", each <= 80)
    to.details["memory"] = {"resident before": before, "resident after": after}


if __name__ == "__main__":
    main()
