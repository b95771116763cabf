"""Two runs side by side: what has changed, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from locustfiles.run.goals import Goals, is_good
from locustfiles.run.maths import Difference, compare_samples, compare_shares
from locustfiles.run.records import Record

_BIN_S = 5

# Name, field of a record, percentile (None: mean), whether less is better.
_LATENCIES = (
    ("Median time to first token, s", "ttft_s", 50),
    ("95th percentile of time to first token, s", "ttft_s", 95),
    ("95th percentile of time per token, s", "tpot_s", 95),
    ("Average answer, s", "total_s", None),
    ("Median answer, s", "total_s", 50),
    ("95th percentile of an answer, s", "total_s", 95),
)


def compare_runs(
    before: Sequence[Record], after: Sequence[Record], goals: Goals
) -> list[dict[str, Any]]:
    """Return a row for each measure: the difference, after minus before, and its 95 % interval.

    Answers alone count, throughput in answers done per second, over pieces of 5 s. `better` is None
    where zero lies in the interval.
    """
    old, new = _list_answers(before), _list_answers(after)
    rows = [
        _make_row(
            name, compare_samples(_list_values(old, field), _list_values(new, field), percent), -1
        )
        for name, field, percent in _LATENCIES
    ]
    rows.append(
        _make_row("Answers per second", compare_samples(_list_rates(old), _list_rates(new)), 1)
    )
    errors = compare_shares(_count_failed(old), _count_failed(new))
    good = compare_shares(_count_good(old, goals), _count_good(new, goals))
    rows += [_make_row("Error rate", errors, -1), _make_row("Goodput, share", good, 1)]
    return [row for row in rows if row]


def _list_answers(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r.kind != "page" and r.outcome != "lost"]


def _make_row(name: str, change: Difference | None, sign: int) -> dict[str, Any]:
    if change is None:
        return {}
    better = change.value * sign > 0 if change.is_clear else None
    return {"measure": name, **change._asdict(), "better": better}


def _list_values(answers: Sequence[Record], field: str) -> list[float]:
    values = (getattr(r, field) for r in answers if r.outcome == "done")
    return [value for value in values if value is not None]


def _list_rates(answers: Sequence[Record]) -> list[float]:
    ends = [r.at + (r.total_s or 0) for r in answers if r.outcome == "done"]
    if not ends:
        return []
    pieces = Counter(int((end - min(ends)) // _BIN_S) for end in ends)
    return [pieces[index] / _BIN_S for index in range(max(pieces) + 1)]


def _count_failed(answers: Sequence[Record]) -> tuple[int, int]:
    return sum(r.outcome == "failed" for r in answers), len(answers)


def _count_good(answers: Sequence[Record], goals: Goals) -> tuple[int, int]:
    owed = [r for r in answers if r.outcome in ("done", "failed")]
    return sum(is_good(r, goals) for r in owed), len(owed)
