"""The picture of an autoscaling run: users, replicas, CPU, TTFT and answers over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from benchmarks.lib.watch import Sample
from tests.support.cluster_visitors import Told

_BIN_S = 5


@dataclass(frozen=True)
class Phase:
    """A stretch of time (time.time) with a name."""

    name: str
    start: float
    end: float


def draw_plot(
    samples: Sequence[Sample], answers: Sequence[Told], phases: Sequence[Phase], file: Path
) -> None:
    """Write the picture; all times are seconds since the first sample."""
    begun = samples[0].at
    times = [sample.at - begun for sample in samples]
    figure, axes = pyplot.subplots(5, 1, sharex=True, figsize=(10, 11), layout="constrained")
    users, replicas, cpu, ttft, rate = axes
    users.step(times, [s.users for s in samples], where="post")
    replicas.step(times, [s.wanted for s in samples], where="post", color="0.7", label="wanted")
    replicas.step(times, [s.ready for s in samples], where="post", label="Ready")
    replicas.legend(loc="upper left")
    cpu.step(times, [s.cores for s in samples], where="post")
    ttft.scatter([a.at - begun for a in answers], [a.ttft for a in answers], s=6)
    counted = Counter(int((a.at - begun) // _BIN_S) for a in answers)
    bins = range(max(counted) + 1)
    rate.step([n * _BIN_S for n in bins], [counted[n] / _BIN_S for n in bins], where="post")
    labels = ("users", "replicas", "CPU, cores", "TTFT, s", "answers a second")
    for axis, label in zip(axes, labels, strict=True):
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        for phase in phases:
            axis.axvspan(phase.start - begun, phase.end - begun, alpha=0.08)
    for phase in phases:
        middle = (phase.start + phase.end) / 2 - begun
        users.annotate(
            phase.name.replace(", ", "\n"),
            (middle, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
        )
    axes[-1].set_xlabel("seconds")
    figure.savefig(file, dpi=100)
