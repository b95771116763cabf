"""Goals of a load test, and whether they were held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from locustfiles.run.maths import percentile, share
from locustfiles.run.records import Record

ENOUGH = 20  # answers, before a test is given up early


@dataclass(frozen=True)
class Goals:
    """Milliseconds at the 95th percentile, percent of the answers; None: no such goal."""

    ttft_p95: float | None = 3000
    tpot_p95: float | None = 100
    errors: float | None = 1
    goodput: float | None = 95
    page_p95: float | None = None


UNITS = {"ttft_p95": "ms", "tpot_p95": "ms", "errors": "%", "goodput": "%", "page_p95": "ms"}


@dataclass(frozen=True)
class Check:
    """A goal beside what was measured; `held` is None where nothing could be measured."""

    goal: str
    limit: float
    value: float | None
    held: bool | None


def is_good(record: Record, goals: Goals) -> bool:
    """Return whether an answer met every latency goal, as far as its latencies are known."""
    limits = ((record.ttft_s, goals.ttft_p95), (record.tpot_s, goals.tpot_p95))
    return record.outcome == "done" and all(
        value is None or limit is None or value * 1000 <= limit for value, limit in limits
    )


def measure_goals(records: Iterable[Record], lost: int, goals: Goals) -> dict[str, float | None]:
    """Return what each goal is held against.

    Latencies are those of what succeeded. Errors are failed and lost answers out of all sent;
    goodput is good answers out of all that nobody stopped or left. `lost` answers are those
    without an end; records of lost ones among `records` are not counted again.
    """
    answers = [r for r in records if r.kind != "page" and r.outcome != "lost"]
    pages = [r.total_s for r in records if r.kind == "page" and r.outcome == "done" and r.total_s]
    failed = sum(r.outcome == "failed" for r in answers)
    done = sum(r.outcome == "done" for r in answers)
    good = sum(is_good(r, goals) for r in answers)
    return {
        "ttft_p95": _p95_milliseconds([r.ttft_s for r in answers if r.outcome != "failed"]),
        "tpot_p95": _p95_milliseconds([r.tpot_s for r in answers if r.outcome == "done"]),
        "errors": _to_percent(failed + lost, len(answers) + lost),
        "goodput": _to_percent(good, done + failed + lost),
        "page_p95": _p95_milliseconds(pages),
    }


def check_goals(measured: dict[str, float | None], goals: Goals) -> list[Check]:
    """Return each goal that there is, in order. Without an answer, the rate of errors is broken."""
    checks = []
    for goal, value in measured.items():
        limit = getattr(goals, goal)
        if limit is None:
            continue
        held = None
        if value is not None:
            held = value >= limit if goal == "goodput" else value <= limit
        elif goal == "errors":
            held = False
        checks.append(Check(goal, limit, value, held))
    return checks


def all_held(checks: Iterable[Check]) -> bool:
    """Return whether no goal was broken."""
    return all(checked.held is not False for checked in checks)


def _p95_milliseconds(seconds: Sequence[float | None]) -> float | None:
    value = percentile([s for s in seconds if s is not None], 95)
    return None if value is None else value * 1000


def _to_percent(part: int, whole: int) -> float | None:
    value = share(part, whole)
    return None if value is None else value * 100
