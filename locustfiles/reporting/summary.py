"""All figures of a run, from its records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from locustfiles.run.goals import Goals, all_held, check_goals, is_good, measure_goals
from locustfiles.run.load_run import Setup
from locustfiles.run.maths import mean, percentile, share
from locustfiles.run.records import Record

K = TypeVar("K", bound=Hashable)
PERCENTS = (50, 90, 95, 99)


def summarize_run(setup: Setup, records: Sequence[Record]) -> dict[str, Any]:
    """Return what summary.json holds: seconds, tokens, shares of 1; `answers` is all but the pages.

    Throughput and goodput are per second between the first sending and the last end. `stages` are
    by the moment of sending, each over the time that it lasted. `ends` are the ways in which
    answers ended; `left_ends` those of answers that were left, as seen by who came back.
    """
    goals = Goals(**setup.goals)
    answers = [r for r in records if r.kind != "page"]
    sent = sum(n for kind, n in setup.sent.items() if kind != "page")
    lost = sent - sum(r.outcome != "lost" for r in answers)
    seconds = _measure_span(answers)
    checks = check_goals(measure_goals(records, lost, goals), goals)
    by_stage = group_by(records, lambda r: r.stage)
    return {
        "passed": all_held(checks),
        "goals": [asdict(checked) for checked in checks],
        "run": asdict(setup) | {"seconds": seconds},
        "answers": measure_answers(answers, seconds, goals, sent),
        "pages": measure_pages([r for r in records if r.kind == "page"], setup.sent.get("page")),
        "kinds": {
            kind: measure_answers(part, seconds, goals, setup.sent.get(kind))
            for kind, part in group_by(answers, lambda r: r.kind).items()
        },
        "stages": [
            {"stage": stage, "users": users, "seconds": lasted}
            | measure_answers(
                [r for r in by_stage.get(stage, []) if r.kind != "page"], lasted, goals
            )
            for stage, users, lasted in list_stages(setup)
        ],
        "replicas": {
            name: measure_answers(part, seconds, goals)
            for name, part in sorted(group_by(answers, lambda r: r.replica).items())
        },
        "ends": count_ends(answers),
        "left_ends": count_ends(r for r in records if r.kind == "page" and r.state),
        "errors": Counter(r.error for r in records if r.error),
    }


def count_ends(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return how many answers ended in each way, the most frequent first."""
    ends = Counter((r.state or r.outcome, r.code) for r in records)
    return [
        {"state": state, "code": code, "count": count}
        for (state, code), count in ends.most_common()
    ]


def measure_answers(
    answers: Sequence[Record], seconds: float, goals: Goals, sent: int | None = None
) -> dict[str, Any]:
    """Return the figures of some answers that came within `seconds`.

    `sent` is how many were asked for. The first six are the classic ones. Latencies are those of
    answers that came to their end, TTFT also of those that were stopped or left.
    """
    outcomes = Counter(r.outcome for r in answers)
    finished = len(answers) - outcomes["lost"]
    sent = len(answers) if sent is None else sent
    done = [r for r in answers if r.outcome == "done"]
    begun = [r for r in answers if r.outcome in ("done", "stopped", "left")]
    totals = [r.total_s for r in done if r.total_s is not None]
    tokens = sum(r.tokens or 0 for r in answers)
    good = sum(is_good(r, goals) for r in answers)
    owed = outcomes["done"] + outcomes["failed"] + sent - finished
    return {
        "requests": sent,
        "throughput": len(done) / seconds if seconds else None,
        "mean": mean(totals),
        "median": percentile(totals, 50),
        "p95": percentile(totals, 95),
        "error_rate": share(outcomes["failed"] + sent - finished, sent),
        "finished": finished,
        "lost": sent - finished,
        "outcomes": {name: outcomes[name] for name in ("done", "stopped", "left", "failed")},
        "ttft": measure_spread(r.ttft_s for r in begun),
        "tpot": measure_spread(r.tpot_s for r in done),
        "total": measure_spread(totals),
        "queue": measure_spread(r.queue_s for r in begun),
        "load": measure_spread(r.load_s for r in begun),
        "tokens": tokens,
        "tokens_per_second": tokens / seconds if seconds else None,
        "goodput": good / seconds if seconds else None,
        "goodput_share": share(good, owed),
    }


def measure_pages(records: Sequence[Record], sent: int | None) -> dict[str, Any]:
    """Return the figures of opening the page."""
    outcomes = Counter(r.outcome for r in records)
    sent = len(records) if sent is None else sent
    return {
        "requests": sent,
        "failed": outcomes["failed"],
        "lost": sent - len(records) + outcomes["lost"],
        "total": measure_spread(r.total_s for r in records if r.outcome == "done"),
    }


def measure_spread(values: Iterable[float | None]) -> dict[str, float | None]:
    """Return how many values there are, their mean, percentiles and greatest."""
    known = [value for value in values if value is not None]
    percentiles = {f"p{percent}": percentile(known, percent) for percent in PERCENTS}
    return {
        "count": len(known),
        "mean": mean(known),
        **percentiles,
        "max": max(known, default=None),
    }


def list_stages(setup: Setup) -> list[tuple[int, int, float]]:
    """Return the stages that there were, without the drain: index, users at the end, seconds."""
    last = len(setup.stages)
    times: dict[int, list[float]] = defaultdict(list)
    ends = [*(at for at, _, _ in setup.moments[1:]), setup.ended]
    for (at, stage, _), end in zip(setup.moments, ends, strict=False):
        times[int(stage)] += [at, end]
    return [
        (stage, int(setup.stages[stage][1]), max(at) - min(at))
        for stage, at in sorted(times.items())
        if stage < last
    ]


def group_by(records: Iterable[Record], key: Callable[[Record], K]) -> dict[K, list[Record]]:
    """Return the records by what `key` says of them."""
    groups: dict[K, list[Record]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)


def _measure_span(answers: Sequence[Record]) -> float:
    if not answers:
        return 0.0
    return max(r.at + (r.total_s or 0) for r in answers) - min(r.at for r in answers)
