"""The sentence of a sweep, and the comparison of two runs, against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from locustfiles.reporting.capacity import find_capacity
from locustfiles.reporting.compare import compare_runs
from locustfiles.run.goals import Goals
from locustfiles.run.load_run import Setup
from locustfiles.run.records import Record

GOALS = Goals(ttft_p95=2000, tpot_p95=None, errors=1, goodput=None, page_p95=None)
SWEEP = Setup(
    host="http://127.0.0.1:8501",
    model="smollm2",
    shape="sweep",
    stages=[[0, 1], [10, 1], [0, 2], [10, 2], [0, 4], [10, 4]],
    drain_s=5,
    seed=1,
    think_s=5,
    users=["ChatUser"],
    goals=vars(GOALS),
    machine="",
    versions={},
    command="",
    ended=40,
    moments=[[0, 1, 1], [10, 3, 2], [20, 5, 4], [30, 6, 0]],
)


def _answer(stage: int, ttft: float = 1.0, replica: str = "a", **fields: Any) -> Record:
    given: dict[str, Any] = {"outcome": "done", "ttft_s": ttft, "total_s": ttft + 1, "stage": stage}
    return Record("chat", "ChatUser-1", "short-1", stage * 5, replica=replica, **given | fields)


def _sentence(records: list[Record], before: dict[str, Any] | None = None) -> str:
    return str(find_capacity(SWEEP, records, before)["sentence"])


def test_the_last_step_that_held_all_goals_is_the_capacity_and_the_rest_is_called_a_guess() -> None:
    found = find_capacity(SWEEP, [_answer(1), _answer(3), _answer(5, 2.5)])
    assert [(row["users"], row["broken"]) for row in found["steps"]] == [
        *((1, []), (2, []), (4, ["ttft_p95"])),
    ]
    assert found["sentence"] == (
        "With smollm2 on this machine 2 people can chat with first words within 2 s at the 95th "
        "percentile; one more replica adds 2 (not measured: what the one replica measured serves "
        "alone, for a replica with as much CPU of its own)."
    )


def test_what_one_more_replica_adds_is_measured_when_a_run_with_fewer_is_compared() -> None:
    records = [_answer(1), _answer(3), _answer(3, replica="b"), _answer(5, 9)]
    found = find_capacity(SWEEP, records, {"people": 1, "replicas": 1})
    assert found["one_more"] == 1
    assert (
        "one more replica adds 1 (measured: 1 with 1 of them before, 2 with 2 now)"
        in found["sentence"]
    )


def test_a_sweep_without_an_end_and_one_without_a_beginning_say_so() -> None:
    good = [_answer(1), _answer(3), _answer(5)]
    assert "at least 4 people can chat" in _sentence(good)
    assert "not even one person can chat with first words within 2 s" in _sentence([_answer(1, 3)])


def test_an_answer_that_was_lost_breaks_its_step() -> None:
    lost = _answer(3, outcome="lost")
    assert find_capacity(SWEEP, [_answer(1), _answer(3), lost, _answer(5)])["people"] == 1


def test_two_runs_are_compared_with_what_is_sure_about_it() -> None:
    before = [_answer(1, 1 + n / 100) for n in range(50)]
    after = [replace(r, ttft_s=(r.ttft_s or 0) + 1) for r in before]
    after[:10] = [replace(r, outcome="failed") for r in after[:10]]
    rows = {row["measure"]: row for row in compare_runs(before, after, GOALS)}
    ttft = rows["Median time to first token, s"]
    assert ttft["value"] == pytest.approx(1.05)
    assert ttft["better"] is False
    errors = rows["Error rate"]
    assert errors["value"] == pytest.approx(0.2)
    assert 0 < errors["low"] < 0.2 < errors["high"]
    assert rows["Average answer, s"]["better"] is None
