"""The arithmetic of a load test. Times are seconds, shares are 0 to 1; None: there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLINGS = 2_000


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the value below which `percent` of the values lie, interpolated between neighbours."""
    return float(np.percentile(values, percent)) if len(values) else None


def mean(values: Sequence[float]) -> float | None:
    """Return the arithmetic mean."""
    return float(np.mean(values)) if len(values) else None


def time_per_token(ttft: float | None, last_token: float, tokens: int | None) -> float | None:
    """Time per output token after the first: (e2e - TTFT) / (tokens - 1).

    Times run from the moment that the request was sent. One token or none has no value.
    """
    if ttft is None or tokens is None or tokens < 2:
        return None
    return (last_token - ttft) / (tokens - 1)


def share(part: int, whole: int) -> float | None:
    """`part` / `whole`."""
    return part / whole if whole else None


class Difference(NamedTuple):
    """After minus before, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Zero lies outside the interval."""
        return self.low > 0 or self.high < 0


def compare_samples(
    before: Sequence[float], after: Sequence[float], percent: float | None = None, seed: int = 1
) -> Difference | None:
    """Return how a percentile (None: the mean) has changed between two independent samples.

    The interval is the percentile bootstrap's (Efron 1979): both samples are drawn anew from
    themselves, 2,000 times. Answers of one run wait for each other, so it is rather too narrow.
    """
    if not len(before) or not len(after):
        return None

    dice = np.random.default_rng(seed)

    def measure(rows: Floats) -> Floats:
        measured: Floats
        measured = rows.mean(axis=1) if percent is None else np.percentile(rows, percent, axis=1)
        return measured

    def resample_means(values: Floats) -> Floats:
        return np.concatenate(
            [
                measure(values[dice.integers(0, len(values), (100, len(values)))])
                for _ in range(RESAMPLINGS // 100)
            ]
        )

    old, new = np.asarray(before), np.asarray(after)
    value = float((measure(new[None]) - measure(old[None]))[0])
    low, high = np.percentile(resample_means(new) - resample_means(old), [2.5, 97.5])
    return Difference(value, float(low), float(high))


def compare_shares(before: tuple[int, int], after: tuple[int, int]) -> Difference | None:
    """Return how a share (part, whole) has changed.

    The interval is Newcombe's (1998, his method 10).
    """
    if not before[1] or not after[1]:
        return None
    (p, low_p, high_p), (q, low_q, high_q) = _wilson_interval(*before), _wilson_interval(*after)
    return Difference(
        q - p,
        q - p - float(np.hypot(q - low_q, high_p - p)),
        q - p + float(np.hypot(high_q - q, p - low_p)),
    )


def _wilson_interval(part: int, whole: int) -> tuple[float, float, float]:
    """Return a share with Wilson's 95 % interval (1927)."""
    z2 = 1.959964**2
    p = part / whole
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = float(np.sqrt(z2 * p * (1 - p) / whole + z2**2 / (4 * whole**2))) / (1 + z2 / whole)
    return p, middle - half, middle + half
