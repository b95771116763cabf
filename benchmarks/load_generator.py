"""What the load test itself costs and how well it measures; against the fake Ollama.

    python -m benchmarks.load_generator [--quick] [--only users,faults]

Prints a table with the goal beside each figure; a whole run writes it to load_generator.json and
.md here. Needs a quiet machine: the users, the chat and the fake Ollama share its cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.lib.measure import Noise, cpu_seconds, p95
from benchmarks.lib.report import Report
from benchmarks.lib.servers import FakeProcess, end_servers_on_term
from locustfiles.run.maths import mean
from locustfiles.run.records import Record, read_records
from tests.support.cutting_proxy import CuttingProxy
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import ROOT, Served, wait_for

PARTS = ("users", "faults")
TOKENS = {"tokens": 100, "tokens_per_second": 40.0, "first_token_delay": 0.2}
OUTAGE_S = 5


def main() -> None:
    """Measure the chosen parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure the load generator.")
    parser.add_argument("--quick", action="store_true", help="fewer users, nothing is written")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; nothing is written")
    arguments = parser.parse_args()
    end_servers_on_term()
    parts = arguments.only.split(",") if arguments.only else PARTS
    report = Report("load_generator", "The load generator")
    for part in parts:
        with tempfile.TemporaryDirectory() as name:
            {"users": report_users, "faults": report_faults}[part](
                Path(name), report, arguments.quick
            )
    report.write_files(save=not arguments.quick and parts == PARTS)


@contextmanager
def run_load(folder: Path, page: Served, *options: object) -> Iterator[subprocess.Popen[str]]:
    """Locust as `make load` starts it, to its end; its reports go to `folder`."""
    fixed = ("-f", "locustfiles/load.py", "--headless", "--loglevel", "WARNING")
    command = [*fixed, "--host", page.url, "--reports", folder, *options]
    with subprocess.Popen(
        [sys.executable, "-m", "locust", *map(str, command)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        output, _ = process.communicate()
    if process.returncode not in (0, 1):
        sys.exit(output)


def result(folder: Path) -> tuple[dict[str, Any], list[Record]]:
    """Return the summary and the records of the one run in `folder`."""
    (run,) = folder.iterdir()
    return json.loads((run / "summary.json").read_bytes()), list(
        read_records(run / "records.ndjson")
    )


def report_users(folder: Path, to: Report, quick: bool) -> None:
    """200 people and 50 programs from one process: its CPU, its times beside the servers'."""
    people, length = (40, 40) if quick else (200, 120)
    options = ("--shape", "soak", "-u", people * 5 // 4, "--length", length, "--think", 15)
    with FakeProcess(**TOKENS) as fake, Served(fake.url, folder / "data", max_answers=500) as page:
        with run_load(folder / "runs", page, *options, "--ollama-host", fake.url) as locust:
            time.sleep(length / 3)  # a sixth of it is the ramp, and then pages are still opened
            pids = (locust.pid, page.process.pid, fake.process.pid)
            app, opened = _read_metrics(page), time.time()
            before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
            with Noise(pids) as noise:
                time.sleep(length / 2)
            lasted = time.monotonic() - began
            after = [cpu_seconds(pid) for pid in pids]
            cores = [(now - then) / lasted for now, then in zip(after, before, strict=True)]
        summary, records = result(folder / "runs")
        app = {name: value - app.get(name, 0) for name, value in _read_metrics(page).items()}
    records = [r for r in records if r.at + (r.total_s or r.ttft_s or 0) > opened]
    who = f"{people} chat users and {people // 4} programs, one process"
    others = f"the chat {cores[1]:.2f}, Ollama {cores[2]:.2f}"
    to.add_row(f"{who}: cores", "≤ 0.5", f"{cores[0]:.2f} ({others})", cores[0] <= 0.5)
    to.add_noise(noise.share, "users")
    answers = summary["answers"]
    to.add_row(f"{who}: answers per second", "", f"{answers['throughput']:.1f}")
    to.add_row(
        f"{who}: failed, lost", "0, 0", f"{answers['outcomes']['failed']}, {answers['lost']}"
    )
    to.add_row(f"{who}: late at worst", "", f"{summary['run']['lag_s'] * 1000:.0f} ms")
    _report_times(who, records, app, to)
    to.details["users"] = {"cores": cores, "answers": answers}


def _report_times(
    who: str, records: list[Record], app: dict[tuple[str, str], float], to: Report
) -> None:
    # Its slots are never full, so what Ollama does not account for is on the way and in the client.
    raw = [r.queue_s for r in records if r.kind == "ollama" and r.queue_s is not None]
    middle = mean(raw) or 0
    found = f"{middle * 1000:.1f} ms on average, {p95(raw) * 1000:.1f} ms at the 95th percentile"
    to.add_row(f"{who}: TTFT over Ollama's own", "≤ 5 ms", found, middle <= 0.005)
    api = [r for r in records if r.app_ttft_s is not None]
    over = [r.ttft_s - r.app_ttft_s for r in api if r.ttft_s is not None and r.app_ttft_s]
    middle = mean(over) or 0
    found = f"{middle * 1000:.1f} ms on average, {p95(over) * 1000:.1f} ms at the 95th percentile"
    to.add_row(f"{who}: TTFT over the chat's own, API", "≤ 5 ms", found, middle <= 0.005)
    seen = [r.ttft_s for r in records if r.kind == "chat" and r.ttft_s is not None]
    seconds = app["chat_ttft_seconds_sum", ""] - sum(r.app_ttft_s or 0 for r in api)
    number = app["chat_ttft_seconds_count", ""] - len(api)
    middle = (mean(seen) or 0) - seconds / number
    found = f"{middle * 1000:.1f} ms on average ({len(seen)} and {number:.0f} answers)"
    to.add_row(f"{who}: TTFT over the chat's own, page", "≤ 5 ms", found, middle <= 0.005)


def _read_metrics(page: Served) -> dict[tuple[str, str], float]:
    """Return the chat's own metrics by name and state."""
    text = httpx.get(f"{page.url}/metrics").text
    samples = (s for f in text_string_to_metric_families(text) for s in f.samples)
    return {(s.name, s.labels.get("state", "")): s.value for s in samples}


def report_faults(folder: Path, to: Report, quick: bool) -> None:
    """One in 50 streams cut by a proxy; then Ollama gone for five seconds."""
    length = 20 if quick else 45
    options = ("--shape", "smoke", "-u", 24, "--length", length, "--think", 1, "ChatUser")
    with FakeOllama(tokens=20, tokens_per_second=40.0, first_token_delay=0.1) as fake:
        with (
            CuttingProxy(fake.url, one_in=50) as proxy,
            Served(proxy.url, folder / "cut") as page,
            run_load(folder / "cuts", page, *options),
        ):
            pass
        _compare_faults(folder / "cuts", f"1 in 50 of {proxy.answers} streams cut", proxy.cut, to)
        with Served(fake.url, folder / "kill") as page:
            with run_load(folder / "kills", page, *options):
                killed = _break_ollama(fake, length / 3)
            failed = _read_metrics(page)["chat_answers_total", "failed"]
        what = f"Ollama gone for {OUTAGE_S} s, {killed} streams cut, those with a first text"
        _compare_faults(folder / "kills", what, int(failed), to)


def _break_ollama(fake: FakeOllama, after_s: float) -> int:
    """Stop Ollama for a while; returns how many answers it was writing."""
    killed = []

    def outage() -> None:
        wait_for(lambda: fake.finished > 0, 60)
        time.sleep(after_s)
        wait_for(lambda: fake.active > 2, 60)
        before = fake.aborted
        fake.stop()
        killed.append(fake.aborted - before)
        time.sleep(OUTAGE_S)
        fake.start()

    thread = threading.Thread(target=outage)
    thread.start()
    thread.join()
    return killed[0]


def _compare_faults(folder: Path, what: str, injected: int, to: Report) -> None:
    summary, _ = result(folder)
    answers = summary["answers"]
    failed, lost = answers["outcomes"]["failed"], answers["lost"]
    found = f"{injected} broken, {failed} reported as failed, {lost} as lost"
    to.add_row(what, "equal", f"{found} of {answers['requests']}", injected == failed and not lost)


if __name__ == "__main__":
    main()
