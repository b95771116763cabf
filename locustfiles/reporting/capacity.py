"""How many people can chat: the answer of a sweep, in one sentence with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locustfiles.reporting.summary import group_by, list_stages
from locustfiles.run.goals import Goals, check_goals, measure_goals
from locustfiles.run.load_run import Setup
from locustfiles.run.records import Record


def list_steps(setup: Setup, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return each step of the sweep: users, answers, what was measured, and broken goals."""
    goals = Goals(**setup.goals)
    by_stage = group_by(records, lambda r: r.stage)
    rows = []
    for stage, users, _ in list_stages(setup):
        answers = [r for r in by_stage.get(stage, []) if r.kind != "page"]
        lost = sum(r.outcome == "lost" for r in answers)
        measured = measure_goals(by_stage.get(stage, []), lost, goals)
        broken = [checked.goal for checked in check_goals(measured, goals) if checked.held is False]
        replicas = {r.replica for r in answers if r.replica}
        row = {"users": users, "answers": len(answers), "replicas": len(replicas), "broken": broken}
        rows.append(row | measured)
    return rows


def find_capacity(
    setup: Setup, records: Sequence[Record], before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the sentence and what it rests on.

    `before` is the capacity with other replicas, if known.
    `people` is the last step before the first that broke a goal. What one more replica adds is
    (people - people before) / (replicas - replicas before) when that was measured, else the share
    that each replica had: a guess, and named as one.
    """
    rows = list_steps(setup, records)
    broke = next((row for row in rows if row["broken"]), None)
    held = rows[: rows.index(broke)] if broke else rows
    people = held[-1]["users"] if held else 0
    replicas = max(1, held[-1]["replicas"] if held else 1)
    more, how = _estimate_one_more(people, replicas, before)
    result = {"people": people, "replicas": replicas, "one_more": more, "how": how, "steps": rows}
    return result | {"sentence": _write_sentence(setup, result, broke)}


def _estimate_one_more(
    people: int, replicas: int, before: dict[str, Any] | None
) -> tuple[float, str]:
    if before and before["replicas"] != replicas:
        more = (people - before["people"]) / (replicas - before["replicas"])
        return more, (
            f"measured: {before['people']} with {before['replicas']} of them before, "
            f"{people} with {replicas} now"
        )
    served = "the one replica measured serves" if replicas == 1 else "each of them served"
    return people / replicas, (
        f"not measured: what {served} alone, for a replica with as much CPU of its own"
    )


def _write_sentence(setup: Setup, result: dict[str, Any], broke: dict[str, Any] | None) -> str:
    limit = setup.goals["ttft_p95"]
    within = "" if limit is None else f" with first words within {limit / 1000:g} s"
    people, more = result["people"], result["one_more"]
    if not people:
        return f"With {setup.model} on this machine not even one person can chat{within}."
    least = "" if broke else "at least "
    noun = "person" if people == 1 else "people"
    return (
        f"With {setup.model} on this machine {least}{people} {noun} can chat{within} at the 95th "
        f"percentile; one more replica adds {more:.3g} ({result['how']})."
    )
