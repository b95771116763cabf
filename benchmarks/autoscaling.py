"""The autoscaler on a real cluster: replicas of 0.4 CPU under virtual users who chat all the while.

    python -m benchmarks.autoscaling [--quick] [--only alone,up,three,gateway,changes] [--steady]

Needs the cluster of KUBECONFIG with the images ollama-chatbot, postgres:17.6 and haproxy:3.2.6 on
its nodes, and a quiet machine. It takes the namespace `chatbot` for itself. Conversations have five
turns. Prints a table with the goal beside each figure; a whole run, of a quarter of an hour, writes
it to autoscaling.json and .md here, with a plot. `--steady` adds half an hour of steady load under
scale-on-waiting, which needs Prometheus and its adapter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from benchmarks.lib import cluster_changes
from benchmarks.lib.autoscaling_plot import Phase, draw_plot
from benchmarks.lib.measure import p95
from benchmarks.lib.prefix_cache import later_turns, share_of_known
from benchmarks.lib.report import Report
from benchmarks.lib.watch import Watch, start_seconds
from scripts.versions import OLLAMA_VERSION
from tests.support.cluster import apply, kubectl, name_of, pods, scale, service_url
from tests.support.cluster_visitors import Told, Visitors
from tests.support.deployments import remove_chat, write_kustomization

PARTS = ("alone", "up", "three", "gateway", "changes")
USERS, FEW_USERS, MANY_USERS = 8, 3, 16
TURNS = 5
WINDOW_S = 30  # the HPA's for going down, in tests/cluster/small
SETTLE_S = 5
STEADY_S, STEADY_THINK_S = 1800, 5.0
# A slot for each user of three replicas; as much memory as one slot with the base's window.
VARIABLES = {"OLLAMA_NUM_PARALLEL": 4, "NUM_CTX": 1024, "MAX_NUM_CTX": 1024}


class Run:
    """One run of the benchmark: its clock, what was seen, and the answers of all phases."""

    def __init__(self, report: Report, watch: Watch, seconds: float) -> None:
        self.report, self.watch, self.seconds = report, watch, seconds
        self.phases: list[Phase] = []
        self.measured: dict[str, list[Told]] = {}
        self.answers: list[Told] = []
        self.lost: list[str] = []
        self.refused = 0

    @contextmanager
    def crowd(self, size: int = USERS, think_s: float = 0.0) -> Iterator[Visitors]:
        """Let users chat, who all open their page on the same replica: they have one address."""
        with Visitors(service_url(), size, TURNS, think_s) as visitors:
            self.watch.users = size
            yield visitors
            self.watch.users = 0
        self.answers += visitors.answers
        self.lost += visitors.lost
        self.refused += visitors.events["refused"]

    def measure(self, name: str, visitors: Visitors) -> None:
        """Keep the answers of the next `seconds`, after a short while for the load to settle."""
        time.sleep(SETTLE_S)
        start = time.time()
        time.sleep(self.seconds)
        self.phases.append(Phase(name, start, time.time()))
        answers = self.measured[name] = visitors.since(start)
        ttfts = [answer.ttft for answer in answers]
        times = f"TTFT p50 {statistics.median(ttfts):.2f} s, p95 {p95(ttfts):.2f} s"
        rate = f"{len(answers) / self.seconds:.2f} answers/s"
        self.report.add_row(
            name, "", f"{rate}, {times}, {share_of_known(answers, visitors.answers):.0%} known"
        )

    def measure_crowd(self, name: str, size: int) -> None:
        """Measure so many users."""
        with self.crowd(size) as visitors:
            self.measure(f"{name}, {size} users", visitors)


def main() -> None:
    """Measure the chosen parts and write the report."""
    parser = argparse.ArgumentParser(description="Measure the autoscaler on a real cluster.")
    parser.add_argument("--quick", action="store_true", help="short phases, nothing is written")
    parser.add_argument("--only", default="", help=f"some of {','.join(PARTS)}; nothing is written")
    parser.add_argument("--steady", action="store_true", help="half an hour more of steady load")
    arguments = parser.parse_args()
    chosen = [part for part in arguments.only.split(",") if part] or list(PARTS)
    report = Report("autoscaling", "Autoscaling on Kubernetes", ollama=OLLAMA_VERSION)
    remove_chat()
    deploy()
    with Watch() as watch:
        run = Run(report, watch, 10 if arguments.quick else 40)
        for part in [*chosen, *(["steady"] if arguments.steady else [])]:
            MEASURES[part](run)
    report_goals(run)
    is_whole = chosen == list(PARTS) and not arguments.quick
    report.write_files(save=is_whole)
    if is_whole:
        draw_plot(watch.samples, run.answers, run.phases, Path(__file__).with_suffix(".png"))
    remove_chat()


def deploy(*components: str, **variables: int) -> None:
    """Apply the small deployment with components, its variables and these."""
    with tempfile.TemporaryDirectory() as name:
        apply(write_kustomization(Path(name), components, VARIABLES | variables))


def measure_alone(run: Run) -> None:
    """One replica, which is not allowed company."""
    scale(1)
    run.measure_crowd("1 replica", USERS)
    run.measure_crowd("1 replica", FEW_USERS)


def measure_up_and_down(run: Run) -> None:
    """From one idle replica to three, measured there with the same connections, and back."""
    watch, add = run.watch, run.report.add_row
    scale(1)
    watch.find_first(time.time(), lambda sample: sample.cores < 0.05)
    bounds = {"spec": {"minReplicas": 1, "maxReplicas": 3}}
    kubectl("patch", "hpa", "chatbot", "--type", "merge", "--patch", json.dumps(bounds))
    time.sleep(SETTLE_S)
    known = {name_of(pod) for pod in pods()}
    with run.crowd() as visitors:
        begun = time.time()
        second = watch.find_first(begun, lambda s: s.ready >= 2) - begun
        third = watch.find_first(begun, lambda s: s.ready >= 3) - begun
        run.measure("scaled up to 3 replicas", visitors)
        reconnects = visitors.events["reconnects"]
    ended = time.time()
    start_s = max(start_seconds(watch.pods[name]) for name in watch.pods if name not in known)
    add("load to the second replica Ready", "≤ 45 s", f"{second:.0f} s", second <= 45)
    add("load to the third replica Ready", "", f"{third:.0f} s")
    add("a pod's start, scheduled to Ready", "≤ 4 s", f"{start_s:.0f} s", start_s <= 4)
    add("users who reconnected meanwhile", "0", str(reconnects), reconnects == 0)
    back = watch.find_first(ended, lambda s: s.ready == 1) - ended
    limit = WINDOW_S + 60
    add("end of load to one replica", f"≤ {limit} s", f"{back:.0f} s", back <= limit)


def measure_three(run: Run) -> None:
    """Three replicas whose pages choose among their Ollamas."""
    scale(3)
    for size in (USERS, FEW_USERS, MANY_USERS):
        run.measure_crowd("3 replicas", size)


def measure_gateway(run: Run) -> None:
    """Three replicas behind the one queue of the gateway."""
    deploy("gateway")
    scale(3)
    for size in (USERS, FEW_USERS, MANY_USERS):
        run.measure_crowd("3 replicas, gateway", size)


def measure_changes(run: Run) -> None:
    """Change all that can change while users chat; no gateway."""
    remove_chat()
    deploy()
    scale(3)
    for change in cluster_changes.CHANGES:
        with run.crowd() as visitors:
            start = time.time()
            time.sleep(SETTLE_S)
            change(deploy)
            time.sleep(SETTLE_S)
        run.phases.append(Phase(cluster_changes.describe(change), start, time.time()))
        events = ", ".join(f"{n} {event}" for event, n in sorted(visitors.events.items()))
        told = (
            f"{len(visitors.answers)} answers, {len(visitors.lost)} lost; {events or 'no events'}"
        )
        run.report.add_row(cluster_changes.describe(change), "", told)


def measure_steady(run: Run) -> None:
    """Count what the autoscaler changes in half an hour of people who think."""
    remove_chat()
    deploy("scale-on-waiting")
    with run.crowd(think_s=STEADY_THINK_S) as visitors:
        time.sleep(STEADY_S / 6)  # until it has found its number
        begun = time.time()
        time.sleep(STEADY_S)
        answers = len(visitors.since(begun))
    wanted = [sample.wanted for sample in run.watch.samples if begun <= sample.at < time.time()]
    changes = sum(a != b for a, b in pairwise(wanted))
    an_hour = changes * 3600 / STEADY_S
    told = f"{an_hour:.0f} ({changes} in {STEADY_S / 60:.0f} min, {answers} answers)"
    run.report.add_row("changes an hour under steady load", "≤ 8", told, an_hour <= 8)


MEASURES: dict[str, Callable[[Run], None]] = {
    "alone": measure_alone,
    "up": measure_up_and_down,
    "three": measure_three,
    "gateway": measure_gateway,
    "changes": measure_changes,
    "steady": measure_steady,
}


def report_goals(run: Run) -> None:
    """Report what the replicas are there for, as far as it was measured, and what was lost."""
    add = run.report.add_row
    for name, least in (("3 replicas", 2.7), ("3 replicas, gateway", 2.9)):
        for_one, for_three = (run.measured.get(f"{n}, {USERS} users") for n in ("1 replica", name))
        if for_one and for_three:
            gain = len(for_three) / len(for_one)
            add(f"{name}: throughput", f"≥ {least} times", f"{gain:.2f} times", gain >= least)
        report_later_turns(run, name)
    add("answers in all phases", "≥ 500", str(len(run.answers)), len(run.answers) >= 500)
    add("answers cut or lost", "0", str(len(run.lost)), not run.lost)
    add("prompts refused", "0", str(run.refused), not run.refused)
    for text in run.lost:
        print(f"  lost: {text}")
    run.report.details = {
        "samples": [asdict(sample) for sample in run.watch.samples],
        "answers": [asdict(answer) for answer in run.answers],
        "measured": {name: describe_phase(run, answers) for name, answers in run.measured.items()},
        "lost": run.lost,
    }


def report_later_turns(run: Run, name: str) -> None:
    """Report the later turns of few users beside those of one replica."""
    for_one, for_three = (run.measured.get(f"{n}, {FEW_USERS} users") for n in ("1 replica", name))
    if not for_one or not for_three:
        return
    one, three = (
        statistics.median(answer.ttft for answer in later_turns(answers))
        for answers in (for_one, for_three)
    )
    told = f"{three / one:.2f} times ({three:.2f} s to {one:.2f} s)"
    run.report.add_row(
        f"{name}: TTFT of turns 2 to {TURNS}", "≤ 1.3 times", told, three <= 1.3 * one
    )
    known = share_of_known(for_three, run.answers)
    run.report.add_row(
        f"{name}: later turns that read what is new only", "≥ 80 %", f"{known:.0%}", known >= 0.8
    )


def describe_phase(run: Run, answers: Sequence[Told]) -> dict[str, float]:
    """Return the figures of a phase that the simulation is compared with."""
    return {
        "answers_per_s": len(answers) / run.seconds,
        "ttft_p50_s": statistics.median(answer.ttft for answer in answers),
        "known": share_of_known(answers, run.answers),
        "input_tokens": statistics.mean(a.input_tokens for a in run.answers if a.turn == 1),
        "output_tokens": statistics.mean(answer.output_tokens for answer in answers),
    }


if __name__ == "__main__":
    main()
