"""The mechanics of the simulation: nothing is lost, work takes its time, slots remember."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.lib.chat_simulation import Outcome, Plan, Speeds, Spreading, simulate

# One kind of exchange: a second to read, four to write; slots share the CPU and gain nothing.
EVEN = Speeds(
    read_s=0.01,
    write_s=0.04,
    gain={1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0},
    exchanges=[(100, 100)],
    page_s=0.0,
    start_s=4.0,
)
PLAN = Plan(people=1, think_s=10, seconds=600, warm_up_s=60)


def _account(outcome: Outcome) -> int:
    return outcome.refused + len(outcome.answers) + outcome.under_way


@pytest.mark.parametrize("spreading", ["random", "own first", "gateway"])
@pytest.mark.parametrize("people", [3, 300])
def test_every_prompt_is_answered_refused_or_under_way(spreading: Spreading, people: int) -> None:
    plan = replace(PLAN, people=people, replicas=2, spreading=spreading, max_answers=20)
    outcome = simulate(plan, EVEN)
    assert outcome.asked == _account(outcome)
    assert bool(outcome.refused) == (people == 300)


def test_a_person_alone_waits_for_nothing_but_the_work() -> None:
    outcome = simulate(PLAN, EVEN)
    assert {round(a.ended_at - a.first_at, 6) for a in outcome.answers} == {4.0}
    assert {round(a.first_at - a.asked_at, 6) for a in outcome.answers} == {1.0}


def test_answers_share_the_cpu() -> None:
    plan = replace(PLAN, people=100, replicas=1, think_s=1, slots=4, max_answers=1000)
    outcome = simulate(plan, EVEN)
    assert len(outcome.answers) / plan.seconds == pytest.approx(1 / 5, rel=0.6)
    writing = [a.ended_at - a.first_at for a in outcome.answers]
    assert min(writing) > 4 * 4 * 0.5


def test_twice_the_cpu_writes_twice_as_much() -> None:
    plan = replace(PLAN, people=50, think_s=1, turns=1, max_answers=1000)
    single, twice = (len(simulate(replace(plan, cpus=c), EVEN).answers) for c in (1, 2))
    assert twice / single == pytest.approx(2, rel=0.05)


def test_a_conversation_that_comes_back_has_only_its_prompt_read_if_a_slot_still_has_it() -> None:
    alone = simulate(replace(PLAN, people=2, slots=4), EVEN)
    assert not any(a.read_all for a in alone.answers)
    crowd = simulate(replace(PLAN, people=12, slots=4), EVEN)
    assert any(a.read_all for a in crowd.answers)


def test_conversations_come_back_to_their_ollama_unless_they_are_spread_at_random() -> None:
    plan = replace(PLAN, people=6, replicas=3, slots=8)

    def count_read_anew(spreading: Spreading) -> int:
        return sum(a.read_all for a in simulate(replace(plan, spreading=spreading), EVEN).answers)

    assert count_read_anew("own first") == 0
    assert count_read_anew("gateway") < count_read_anew("random") / 3


def test_a_full_gateway_refuses() -> None:
    plan = replace(PLAN, people=40, spreading="gateway", waiting_per_slot=2, max_answers=1000)
    outcome = simulate(plan, EVEN)
    assert outcome.refused
    assert outcome.most_queued == 8
    assert outcome.asked == _account(outcome)


def test_two_runs_of_a_plan_are_the_same() -> None:
    first, second = (simulate(replace(PLAN, people=20), EVEN) for _ in range(2))
    assert [a.ended_at for a in first.answers] == [a.ended_at for a in second.answers]
