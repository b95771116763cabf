"""The autoscaler on a real cluster: replicas of 0.4 CPU under virtual users who chat all the while.

    python -m benchmarks.autoscaling [--quick]

Needs the cluster of KUBECONFIG with the images ollama-chatbot and haproxy:3.2.6 on its nodes,
and a quiet machine. It takes the namespace `chatbot` for itself. Prints a table with the goal
beside each figure and writes it to autoscaling.json and .md here, with a plot.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.lib.autoscaling_plot import Phase, draw_plot
from benchmarks.lib.measure import p95
from benchmarks.lib.report import Report
from benchmarks.lib.watch import Watch, start_seconds
from scripts.versions import OLLAMA_VERSION
from tests.support.cluster import SMALL, apply, kubectl, name_of, pods, scale, service_url
from tests.support.cluster_visitors import Told, Visitors
from tests.support.deployments import remove_chat, write_kustomization

USERS = 8
WINDOW_S = 30  # the HPA's for going down, in tests/cluster/small
SETTLE_S = 5


class Run:
    """One run of the benchmark: its clock, what was seen, and the answers of all phases."""

    def __init__(self, report: Report, seconds: float) -> None:
        self.report, self.seconds = report, seconds
        self.phases: list[Phase] = []
        self.answers: list[Told] = []
        self.lost: list[str] = []
        self.refused = 0
        self.users = 0

    def crowd(self) -> Visitors:
        """Return the users, who all open their page on the same replica: they have one address."""
        return Visitors(service_url(), USERS)

    def note_answers(self, visitors: Visitors) -> None:
        """Count the answers of users who have left."""
        self.users = 0
        self.answers += visitors.answers
        self.lost += visitors.lost
        self.refused += visitors.events["refused"]

    def measure(self, name: str, visitors: Visitors) -> list[Told]:
        """Return the answers of the next `seconds`, after a short while for the load to settle."""
        time.sleep(SETTLE_S)
        start = time.time()
        time.sleep(self.seconds)
        self.phases.append(Phase(name, start, time.time()))
        found = visitors.since(start)
        rate, ttfts = len(found) / self.seconds, [one.ttft for one in found]
        self.report.add_row(f"{name}: answers a second", "", f"{rate:.2f}")
        self.report.add_row(
            f"{name}: TTFT p50, p95", "", f"{statistics.median(ttfts):.2f} s, {p95(ttfts):.2f} s"
        )
        return found


def main() -> None:
    """Measure all phases and write the report."""
    parser = argparse.ArgumentParser(description="Measure the autoscaler on a real cluster.")
    parser.add_argument("--quick", action="store_true", help="short phases, nothing is written")
    quick = parser.parse_args().quick
    report = Report("autoscaling", "Autoscaling on Kubernetes", ollama=OLLAMA_VERSION)
    run = Run(report, 10 if quick else 40)
    remove_chat()
    apply(SMALL)
    with Watch(lambda: run.users) as watch:
        one = measure_alone(run)
        three = measure_up_and_down(run, watch)
        gateway = measure_gateway(run, watch)
        report_changes(run, watch)
    report_ratios(run, one, three, gateway)
    report.add_row("answers in all phases", "≥ 300", str(len(run.answers)), len(run.answers) >= 300)
    report.add_row("answers cut or lost", "0", str(len(run.lost)), not run.lost)
    for text in run.lost:
        print(f"  lost: {text}")
    report.add_row("prompts refused by a page about to stop", "", str(run.refused))
    report.details = {
        "samples": [asdict(sample) for sample in watch.samples],
        "answers": [asdict(answer) for answer in run.answers],
        "lost": run.lost,
    }
    report.write_files(save=not quick)
    if not quick:
        draw_plot(watch.samples, run.answers, run.phases, Path(__file__).with_suffix(".png"))
    remove_chat()


def measure_alone(run: Run) -> list[Told]:
    """One replica, which is not allowed company."""
    scale(1)
    with run.crowd() as visitors:
        run.users = USERS
        found = run.measure("1 replica", visitors)
    run.note_answers(visitors)
    return found


def measure_up_and_down(run: Run, watch: Watch) -> list[Told]:
    """From one idle replica to three, measured there with the same connections, and back."""
    wait_idle(watch)
    bounds = {"spec": {"minReplicas": 1, "maxReplicas": 3}}
    kubectl("patch", "hpa", "chatbot", "--type", "merge", "--patch", json.dumps(bounds))
    time.sleep(SETTLE_S)
    known = {name_of(pod) for pod in pods()}
    with run.crowd() as visitors:
        begun, run.users = time.time(), USERS
        second = watch.find_first(begun, lambda s: s.ready >= 2) - begun
        third = watch.find_first(begun, lambda s: s.ready >= 3) - begun
        found = run.measure("3 replicas", visitors)
        reconnects = visitors.events["reconnects"]
    run.note_answers(visitors)
    ended = time.time()
    add, starts = (
        run.report.add_row,
        [start_seconds(watch.pods[n]) for n in watch.pods if n not in known],
    )
    add("load to the second replica Ready", "≤ 60 s", f"{second:.0f} s", second <= 60)
    add("load to the third replica Ready", "", f"{third:.0f} s")
    add("a pod's start, scheduled to Ready", "≤ 6 s", f"{max(starts):.0f} s", max(starts) <= 6)
    add("users who reconnected meanwhile", "0", str(reconnects), reconnects == 0)
    back = watch.find_first(ended, lambda s: s.ready == 1) - ended
    limit = WINDOW_S + 60
    add("end of load to one replica", f"≤ {limit} s", f"{back:.0f} s", back <= limit)
    return found


def measure_gateway(run: Run, watch: Watch) -> list[Told]:
    """Three replicas behind the one queue of the gateway."""
    with tempfile.TemporaryDirectory() as name:
        apply(write_kustomization(Path(name), ["gateway"], {}))
    scale(3)
    with run.crowd() as visitors:
        run.users = USERS
        found = run.measure("3 replicas, gateway", visitors)
    run.note_answers(visitors)
    return found


def report_changes(run: Run, watch: Watch) -> None:
    """Measure a new version, a deleted pod and a scale-down while users chat; no gateway."""
    remove_chat()
    apply(SMALL)
    scale(3)
    with run.crowd() as visitors:
        start, run.users = time.time(), USERS
        time.sleep(SETTLE_S)
        kubectl("set", "env", "deployment/chatbot", "--containers=chatbot", "ROLLED=1")
        kubectl("rollout", "status", "deployment/chatbot", "--timeout=180s", timeout=200)
        kubectl("delete", "pod", name_of(pods()[-1]))
        scale(3)
        scale(1)
        time.sleep(SETTLE_S)
    run.phases.append(Phase("rolled out, deleted, scaled down", start, time.time()))
    had = len(visitors.answers)
    run.report.add_row("answers while versions and replicas changed", "", str(had))
    run.note_answers(visitors)


def wait_idle(watch: Watch) -> None:
    """Return when the metrics say that nobody asks any more."""
    watch.find_first(time.time(), lambda sample: sample.cores < 0.05)


def report_ratios(run: Run, one: list[Told], three: list[Told], gateway: list[Told]) -> None:
    """Report the ratios that the replicas are there for."""
    gain, with_gateway = len(three) / len(one), len(gateway) / len(one)
    run.report.add_row("throughput of 3 replicas", "≥ 2.5 times", f"{gain:.2f} times", gain >= 2.5)
    told = f"{with_gateway:.2f} times"
    run.report.add_row("… with the gateway", "≥ 2.8 times", told, with_gateway >= 2.8)
    less = 1 - p95([t.ttft for t in gateway]) / p95([t.ttft for t in three])
    run.report.add_row("TTFT p95 less by the gateway", "≥ 30 %", f"{less:.0%}", less >= 0.3)


if __name__ == "__main__":
    main()
