"""Goals, verdict and summary, against a run that was worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from locustfiles.reporting.summary import summarize_run
from locustfiles.reporting.web import list_rows
from locustfiles.run import goals
from locustfiles.run.goals import Goals
from locustfiles.run.load_run import Setup
from locustfiles.run.records import Record

GOALS = Goals(ttft_p95=1000, tpot_p95=100, errors=1, goodput=95, page_p95=None)
SETUP = Setup(
    host="http://127.0.0.1:8501",
    model="smollm2",
    shape="smoke",
    stages=[[0, 2], [10, 2]],
    drain_s=5,
    seed=1,
    think_s=5,
    users=["ChatUser"],
    goals=vars(GOALS),
    machine="",
    versions={},
    command="",
    started=100,
    ended=112,
    sent={"chat": 6, "page": 2},
    moments=[[100, 1, 2], [110, 2, 0]],
)


def _answer(at: float = 100, **fields: Any) -> Record:
    given: dict[str, Any] = {"outcome": "done", "ttft_s": 0.5, "total_s": 2.0, "tokens": 31}
    given |= {"tpot_s": 0.05, "stage": 1, "replica": "a"}
    return Record("chat", "ChatUser-1", "short-1", at, **{**given, **fields})


# Of six prompts one was cut, one stopped, one never ended: it has no record.
ANSWERS = [
    _answer(100),
    _answer(102, ttft_s=0.7, total_s=4.0, tokens=41),
    _answer(104, ttft_s=1.5, total_s=4.5, replica="b"),
    _answer(105, outcome="failed", error="503: busy", status=503, ttft_s=None, total_s=0.01),
    _answer(106, outcome="stopped", ttft_s=0.3, total_s=1.0, tokens=None, tpot_s=None),
]
PAGES = [
    Record("page", "ChatUser-1", "", 100, outcome="done", total_s=0.1),
    Record("page", "ChatUser-2", "", 100, outcome="failed", total_s=9, error="GET / answered 503"),
]


def test_the_six_classic_figures_come_first() -> None:
    answers = summarize_run(SETUP, ANSWERS + PAGES)["answers"]
    six = ["requests", "throughput", "mean", "median", "p95", "error_rate"]
    assert list(answers)[:6] == six
    # Three answers in the 8.5 s from the first sending to the last end.
    assert [answers[name] for name in six] == pytest.approx([6, 3 / 8.5, 3.5, 4.0, 4.45, 2 / 6])


def test_sent_is_finished_and_lost() -> None:
    answers = summarize_run(SETUP, ANSWERS + PAGES)["answers"]
    assert answers["outcomes"] == {"done": 3, "stopped": 1, "left": 0, "failed": 1}
    assert (answers["requests"], answers["finished"], answers["lost"]) == (6, 5, 1)


def test_a_record_of_an_answer_that_was_lost_is_not_counted_twice() -> None:
    lost = replace(ANSWERS[0], outcome="lost")
    answers = summarize_run(SETUP, [*ANSWERS, lost, *PAGES])["answers"]
    assert (answers["requests"], answers["finished"], answers["lost"]) == (6, 5, 1)


def test_ends_are_told_apart_by_state_and_code_and_so_are_those_of_left_answers() -> None:
    busy = _answer(state="refused", code="busy", outcome="failed")
    whole = [_answer(state="done"), _answer(state="done"), _answer(state="done", code="length")]
    left = replace(PAGES[0], state="abandoned", code="")
    summary = summarize_run(SETUP, [busy, *whole, _answer(outcome="left"), left, *PAGES])
    assert [tuple(end.values()) for end in summary["ends"]] == [
        ("done", "", 2),
        ("refused", "busy", 1),
        ("done", "length", 1),
        ("left", "", 1),
    ]
    assert summary["left_ends"] == [{"state": "abandoned", "code": "", "count": 1}]


def test_failures_are_no_latencies() -> None:
    answers = summarize_run(SETUP, ANSWERS + PAGES)
    assert answers["answers"]["total"]["count"] == 3
    assert answers["answers"]["ttft"]["count"] == 4
    assert answers["answers"]["ttft"]["p50"] == pytest.approx(0.6)
    assert answers["pages"]["total"]["max"] == 0.1
    assert answers["errors"] == {"503: busy": 1, "GET / answered 503": 1}


def test_tokens_goodput_stages_and_replicas() -> None:
    summary = summarize_run(SETUP, ANSWERS + PAGES)
    answers = summary["answers"]
    assert answers["tokens_per_second"] == pytest.approx((31 * 3 + 41) / 8.5)
    assert answers["goodput"] == pytest.approx(2 / 8.5)
    assert answers["goodput_share"] == pytest.approx(2 / 5)  # the stopped one is nobody's fault
    assert [(s["stage"], s["users"], s["seconds"]) for s in summary["stages"]] == [(1, 2, 10)]
    assert {name: some["requests"] for name, some in summary["replicas"].items()} == {
        "a": 4,
        "b": 1,
    }


@pytest.mark.parametrize(
    ("goal", "limit", "held"),
    [
        *[("ttft_p95", 1380, True), ("ttft_p95", 1379, False)],
        *[("tpot_p95", 50, True), ("tpot_p95", 49, False)],
        *[("errors", 34, True), ("errors", 33, False)],
        *[("goodput", 40, True), ("goodput", 41, False)],
        *[("page_p95", 100, True), ("page_p95", 99, False)],
    ],
)
def test_the_verdict_goes_both_ways(goal: str, limit: float, held: bool) -> None:
    alone: dict[str, float | None] = dict.fromkeys(vars(GOALS)) | {goal: limit}
    latencies = {"ttft_p95": 1000, "tpot_p95": 100} if goal == "goodput" else {}
    wide = {name: limit for name, limit in latencies.items() if name != goal}
    summary = summarize_run(replace(SETUP, goals=alone | wide), ANSWERS + PAGES)
    found = {one["goal"]: one["held"] for one in summary["goals"]}
    assert found[goal] is held
    if not wide:
        assert summary["passed"] is held


def test_a_run_without_any_answer_has_not_passed() -> None:
    summary = summarize_run(replace(SETUP, sent={}, moments=[]), [])
    assert not summary["passed"]


def test_a_goal_that_could_not_be_measured_breaks_nothing() -> None:
    checks = goals.check_goals(
        goals.measure_goals([_answer(tpot_s=None, tokens=None)], 0, GOALS), GOALS
    )
    assert {one.goal: one.held for one in checks}["tpot_p95"] is None
    assert goals.all_held(checks)


def test_the_web_page_shows_what_people_feel() -> None:
    (row,) = list_rows(ANSWERS + PAGES, now=110)
    assert row | {"name": "chat", "done": 3, "failed": 1, "ttft_p50": 600, "tokens": 20} == row
    assert row["tokens_now"] == pytest.approx((31 * 3 + 41) / 30, abs=0.1)
