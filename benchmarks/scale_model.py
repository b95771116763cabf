"""From one replica to 10,000 people: what breaks first, and what to set. A simulation.

    python -m benchmarks.scale_model [--quick]

Needs no server: each figure comes from the results of the other benchmarks that lie here, the
settings from k8s/. Prints a table and writes it to scale_model.json and .md here, with a plot.
Takes less than a minute.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.lib.chat_simulation import Outcome, Plan, Speeds, Spreading, simulate
from benchmarks.lib.figures import Figures, read_figures
from benchmarks.lib.hpa import HpaSpec
from benchmarks.lib.measure import p95
from benchmarks.lib.model_check import MOST_OFF, check_phases
from benchmarks.lib.report import Report
from benchmarks.lib.scale_plot import draw_plot
from benchmarks.lib.shipped import Shipped, read_former_hpa, read_shipped
from chatbot.chat.abandonment import SAVE_S
from locustfiles.run.goals import Goals

PEOPLE = (100, 1_000, 10_000)
TTFT_GOAL_S = (Goals().ttft_p95 or 0) / 1000
MOST_CHANGES = 8  # an hour, of the HPA, under a steady load
BUSY = 0.75  # of the largest number of replicas is in use when so many people are there
CPUS = (1, 16)  # of a replica; or as fast as so many, by a GPU
SLOTS = (4, 8, 16, 32)
STEADY_PEOPLE = range(5, 100, 5)
HOUR_S, WARM_UP_S = 3600.0, 900.0
SPREADINGS: tuple[Spreading, ...] = ("random", "own first", "gateway")


@dataclass(frozen=True)
class Need:
    """What so many people need, and what came of it; replicas have `cpus` each."""

    people: int
    cpus: int
    replicas: int
    slots: int
    answers_per_s: float
    ttft_p95_s: float
    most_under_way_of_a_page: int
    most_queued: int
    commits_per_s: float


@dataclass(frozen=True)
class Limit:
    """A resource: what is shipped of it, and what is needed."""

    name: str
    shipped: float
    needed: float

    @property
    def share(self) -> float:
        """How much of it is needed; more than 1 is more than there is."""
        return self.needed / self.shipped

    def __str__(self) -> str:
        """Return both numbers, with the name."""
        return f"{self.name} ({self.needed:,.0f} needed, {self.shipped:,.0f} there)"


def main() -> None:
    """Simulate all questions and write the report."""
    parser = argparse.ArgumentParser(description="Simulate replicas and up to 10,000 people.")
    parser.add_argument("--quick", action="store_true", help="nothing is written")
    quick = parser.parse_args().quick
    figures, shipped = read_figures(), read_shipped()
    report = Report("scale_model", "From one replica to 10,000 people: a simulation", "simulated")
    for figure in figures.sources:
        report.add_row(figure.name, figure.source, figure.result)
    needs = [need for cpus in CPUS for need in find_needs(cpus, figures.speeds, shipped)]
    for need in needs:
        report_need(need, figures, shipped, report)
    report_spreading(needs[1], figures.speeds, report)
    steady = report_steady_load(figures.speeds, shipped, report)
    for check in check_phases(figures.speeds):
        told = f"{check.simulated:.2f} answers/s, measured {check.measured:.2f}"
        report.add_row(f"{check.phase}: simulated", f"within {MOST_OFF:.0%}", told, check.is_met)
    report.details |= {"needs": [asdict(need) for need in needs]}
    report.write_files(save=not quick)
    if not quick:
        replicas = {need.people: need.replicas for need in needs if need.cpus == CPUS[0]}
        draw_plot(replicas, steady, WARM_UP_S + HOUR_S, Path(__file__).with_suffix(".png"))


def find_needs(cpus: int, speeds: Speeds, shipped: Shipped) -> Iterator[Need]:
    """Yield the fewest replicas with which first words come in time, for all numbers of people.

    More slots cost memory only, so the number with the fewest replicas is taken. The largest crowd
    is simulated with the slots that the one before it needs.
    """
    slots: Sequence[int] = SLOTS
    last: Plan | None = None
    for people in PEOPLE:
        plan = Plan(people, cpus=cpus, num_ctx=shipped.num_ctx, seconds=200, spreading="gateway")
        plan = replace(plan, max_answers=people, waiting_per_slot=people)
        plans = [find_fewest(replace(plan, slots=n), last, speeds) for n in slots]
        last = min(plans, key=lambda found: (found.replicas, found.slots))
        slots = SLOTS if people < PEOPLE[-2] else (last.slots,)
        yield _describe_need(last, simulate(last, speeds))


def find_fewest(plan: Plan, smaller: Plan | None, speeds: Speeds) -> Plan:
    """Return the plan with the fewest replicas that hold the goal, to within a twentieth.

    It begins with what a `smaller` crowd needed, as many times as there are people more.
    """

    def is_enough(replicas: int) -> bool:
        outcome = simulate(replace(plan, replicas=replicas), speeds)
        return len(outcome.answers) > 0 and p95(list_ttfts(outcome)) <= TTFT_GOAL_S

    high = smaller.replicas * plan.people // smaller.people if smaller else 1
    while not is_enough(high):
        high = math.ceil(high * 1.3)
    low = math.floor(high / 1.3)
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return replace(plan, replicas=high)


def _describe_need(plan: Plan, outcome: Outcome) -> Need:
    return Need(
        plan.people,
        round(plan.cpus),
        plan.replicas,
        plan.slots,
        len(outcome.answers) / plan.seconds,
        p95(list_ttfts(outcome)),
        outcome.most_under_way_of_a_page,
        outcome.most_queued,
        count_commits(outcome) / plan.seconds,
    )


def count_commits(outcome: Outcome) -> float:
    """Return the commits for all answers: the prompt, the text each SAVE_S, the end."""
    return sum(2 + (a.ended_at - a.first_at) // SAVE_S for a in outcome.answers)


def report_need(need: Need, figures: Figures, shipped: Shipped, to: Report) -> None:
    """Report what breaks first with so many people, and what to set."""
    who = f"{need.people:,} people, replicas of {need.cpus} CPU"
    limits = sorted(list_limits(need, figures, shipped), key=lambda limit: -limit.share)
    broken = [str(limit) for limit in limits if limit.share > 1]
    to.add_row(f"{who}: breaks, the first one first", "", "; ".join(broken) or "nothing")
    rate = f"{need.answers_per_s:.1f} answers/s, TTFT p95 {need.ttft_p95_s:.1f} s"
    to.add_row(f"{who}: needs", "", f"{need.replicas} of {need.slots} slots ({rate})")
    settings = choose_settings(need, figures, shipped)
    to.add_row(f"{who}: set", "", ", ".join(f"{name} {n}" for name, n in settings.items()))
    to.details[who] = {"settings": settings, "limits": [asdict(limit) for limit in limits]}


def choose_settings(need: Need, figures: Figures, shipped: Shipped) -> dict[str, int]:
    """Return what to set for so many people; docs/history.md has the formula of the last one.

    A page needs as many connections as it has commits under way, and two for what people read.
    """
    most = math.ceil(need.replicas / BUSY)
    connections = 2 + math.ceil(need.commits_per_s * figures.commit_s / need.replicas)
    return {
        "OLLAMA_NUM_PARALLEL": need.slots,
        "maxReplicas": most,
        "MAX_REPLICAS": most,
        "MAX_ANSWERS": max(shipped.max_answers, 2 * need.most_under_way_of_a_page),
        "DATABASE_CONNECTIONS": connections,
        "max_connections": count_connections(most, connections),
    }


def count_connections(replicas: int, each: int) -> int:
    """Return how many PostgreSQL must let in, those of a roll-out and of backups included."""
    return (2 * replicas + 1) * each + 7


def list_limits(need: Need, figures: Figures, shipped: Shipped) -> list[Limit]:
    """Return what there is and what is needed of everything that can run out."""
    queue = need.replicas * need.slots * shipped.waiting_per_slot
    connections = count_connections(need.replicas, shipped.database_connections)
    pages = need.replicas / figures.speeds.page_s
    return [
        Limit("slots of a replica", shipped.slots, need.slots),
        Limit("replicas of the HPA", shipped.hpa.most, need.replicas),
        Limit("servers of the gateway", shipped.gateway_servers, need.replicas),
        Limit("queue of the gateway", queue, need.most_queued),
        Limit("MAX_ANSWERS of a page", shipped.max_answers, need.most_under_way_of_a_page),
        Limit("answers/s of the pages", pages, need.answers_per_s),
        Limit("connections of PostgreSQL", shipped.max_connections, connections),
        Limit("commits/s of PostgreSQL", figures.commits_per_s, need.commits_per_s),
    ]


def report_spreading(need: Need, speeds: Speeds, to: Report) -> None:
    """Compare the ways in which answers find an Ollama, with few slots and with those needed."""
    plan = Plan(need.people, need.replicas, cpus=need.cpus, seconds=200)
    for slots in (SLOTS[0], need.slots):
        for spreading in SPREADINGS:
            outcome = simulate(replace(plan, spreading=spreading, slots=slots), speeds)
            ttfts = list_ttfts(outcome)
            told = f"TTFT p50 {statistics.median(ttfts):.2f} s, p95 {p95(ttfts):.2f} s"
            known = f"{share_of_known(outcome):.0%} of later turns read what is new only"
            to.add_row(
                f"{need.people:,} people, {slots} slots, {spreading}",
                "",
                f"{told}; {known}; {outcome.refused} refused",
            )


def report_steady_load(
    speeds: Speeds, shipped: Shipped, to: Report
) -> dict[str, list[tuple[float, int]]]:
    """Count the autoscaler's changes in steady hours; return those of the hour with most."""
    former, shipped_name = "scale-on-waiting before", "scale-on-waiting"
    specs = {"CPU (base)": shipped.hpa, shipped_name: shipped.scale_on_waiting}
    worst = {}
    for name, spec in (specs | {former: read_former_hpa(shipped)}).items():
        outcomes = [simulate_hour(people, spec, speeds, shipped) for people in STEADY_PEOPLE]
        worst[name] = max((outcome.changes for outcome in outcomes), key=len)
        replicas = statistics.mean(outcome.replica_s for outcome in outcomes) / HOUR_S
        told = f"{len(worst[name])} at most ({replicas:.1f} replicas on average)"
        goal = f"≤ {MOST_CHANGES}" if name == shipped_name else ""
        is_met = len(worst[name]) <= MOST_CHANGES if goal else None
        to.add_row(f"changes in a steady hour, {name}", goal, told, is_met)
        to.details[f"changes, {name}"] = [len(outcome.changes) for outcome in outcomes]
    return worst


def simulate_hour(people: int, spec: HpaSpec, speeds: Speeds, shipped: Shipped) -> Outcome:
    """Return an hour of steady load with an autoscaler, after its first quarter of an hour."""
    plan = Plan(people, slots=shipped.slots, num_ctx=shipped.num_ctx, spreading="gateway")
    return simulate(replace(plan, hpa=spec, seconds=HOUR_S, warm_up_s=WARM_UP_S), speeds)


def list_ttfts(outcome: Outcome) -> list[float]:
    """Return the times to the first token."""
    return [answer.first_at - answer.asked_at for answer in outcome.answers]


def share_of_known(outcome: Outcome) -> float:
    """Return the share of later turns that came to an Ollama that knew the conversation."""
    later = [answer for answer in outcome.answers if answer.known_tokens]
    return sum(not answer.read_all for answer in later) / max(1, len(later))


if __name__ == "__main__":
    main()
