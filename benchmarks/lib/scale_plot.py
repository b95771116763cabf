"""The picture of the simulation: replicas by people, and what the autoscaler does in an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

Changes = Sequence[tuple[float, int]]  # moment in seconds, replicas from then on


def draw_plot(
    replicas: Mapping[int, int], steady: Mapping[str, Changes], end_s: float, file: Path
) -> None:
    """Write the picture: `replicas` by people, `steady` by the name of the autoscaler."""
    figure, (needed, changes) = pyplot.subplots(2, 1, figsize=(9, 8), layout="constrained")
    needed.loglog(list(replicas), list(replicas.values()), marker="o")
    needed.set(
        xlabel="people", ylabel="replicas of one CPU", title="Replicas for first words in time"
    )
    for name, moments in steady.items():
        times = [at / 60 for at, _ in moments]
        counts = [count for _, count in moments]
        if times:
            changes.step([*times, end_s / 60], [*counts, counts[-1]], where="post", label=name)
    changes.set(xlabel="minutes", ylabel="replicas", title="Steady load, at its worst")
    changes.legend()
    for axis in (needed, changes):
        axis.grid(alpha=0.3)
    figure.savefig(file, dpi=100)
