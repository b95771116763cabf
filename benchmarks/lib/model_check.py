"""The simulation beside the real cluster: the phases of benchmarks/autoscaling.py, simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.lib.chat_simulation import Plan, Speeds, Spreading, simulate
from benchmarks.lib.figures import read_measured_phases

MOST_OFF = 0.2  # of what was measured
CPUS, SLOTS, TURNS = 0.35, 4, 5  # of tests/cluster/small, and of benchmarks/autoscaling.py
# Phase, its replicas and people, and how they found an Ollama.
PHASES: tuple[tuple[str, int, int, Spreading], ...] = (
    ("1 replica, 8 users", 1, 8, "own first"),
    ("3 replicas, 8 users", 3, 8, "own first"),
    ("3 replicas, 16 users", 3, 16, "own first"),
    ("3 replicas, gateway, 8 users", 3, 8, "gateway"),
    ("3 replicas, gateway, 16 users", 3, 16, "gateway"),
)


@dataclass(frozen=True)
class Check:
    """Answers a second of one phase, measured and simulated."""

    phase: str
    measured: float
    simulated: float

    @property
    def is_met(self) -> bool:
        """Whether the simulation is near enough."""
        return abs(self.simulated / self.measured - 1) <= MOST_OFF


def check_phases(speeds: Speeds) -> Iterator[Check]:
    """Yield the phases that have been measured, each beside its simulation."""
    phases = read_measured_phases()
    for name, replicas, people, spreading in PHASES:
        if name not in phases:
            continue
        seen = phases[name]
        exchange = round(seen["input_tokens"]), round(seen["output_tokens"])
        plan = Plan(people, replicas, spreading, SLOTS, CPUS, think_s=0.0, turns=TURNS)
        plan = replace(plan, read_tokens_per_s=float("inf"))  # nobody reads
        outcome = simulate(plan, replace(speeds, exchanges=[exchange]))
        yield Check(name, seen["answers_per_s"], len(outcome.answers) / plan.seconds)
