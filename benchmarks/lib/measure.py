"""Clocks, noise and statistics that the benchmarks share."""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Self, TypeVar

import psutil

T = TypeVar("T")

MOST_NOISE = 0.06  # of the machine, by others: a figure taken with more is taken again
TRIES, PATIENCE_S = 4, 60


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, ended threads included, to the nanosecond.

    This is the process's own clock on Linux; /proc, which psutil reads, counts in steps of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile, interpolated."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[94]


class Noise:
    """How much of the machine others used within the block: `share`, 1.0 for all cores.

    Others are all but this process, `pids` and their children.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._roots = [psutil.Process(), *map(psutil.Process, pids)]
        self.share = 0.0

    def __enter__(self) -> Self:
        self._before = self._read_noise()
        return self

    def __exit__(self, *_: object) -> None:
        (at, busy, ours), (then, busy_then, ours_then) = self._read_noise(), self._before
        cores = psutil.cpu_count() or 1
        others = (busy - busy_then) - (ours - ours_then)
        self.share = max(0.0, others / ((at - then) * cores))

    def _read_noise(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        busy = sum(times) - times.idle - times.iowait - times.steal
        pids = {p.pid for root in self._roots for p in [root, *root.children(recursive=True)]}
        return time.monotonic(), busy, sum(map(_cpu_if_alive, pids))


def _cpu_if_alive(pid: int) -> float:
    with contextlib.suppress(OSError):
        return cpu_seconds(pid)
    return 0.0


def measure_quietly(measure: Callable[[], T], pids: Iterable[int], quick: bool) -> tuple[T, float]:
    """Return what `measure` returns and the noise meanwhile: the quietest of `TRIES` if noisy.

    Waits for a quiet machine first. `quick` neither waits nor repeats.
    """
    results: list[tuple[T, float]] = []
    while not results or (len(results) < TRIES and results[-1][1] > MOST_NOISE and not quick):
        if not quick:
            _wait_for_quiet(pids)
        with Noise(pids) as noise:
            result = measure()
        results.append((result, noise.share))
    return min(results, key=lambda result: result[1])


def _wait_for_quiet(pids: Iterable[int]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with Noise(pids) as noise:
            time.sleep(0.3)
        if noise.share <= MOST_NOISE:
            return
    print(f"the machine is not quiet: others use {noise.share:.0%}", file=sys.stderr)
