"""What virtual users do is drawn from a seed."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

from locustfiles.run.person import (
    MOST_EXCHANGES,
    Person,
    PlannedExchange,
    read_prompts,
    reading_seconds,
)


def _plan(name: str, seed: int, count: int = 400) -> list[PlannedExchange]:
    person = Person(name, seed, 5, read_prompts())
    return list(islice(iter(person.plan_exchange, None), count))


def test_two_runs_with_one_seed_send_the_same() -> None:
    assert _plan("chat-1", seed=7) == _plan("chat-1", seed=7)


def test_another_seed_and_another_user_send_something_else() -> None:
    sent = [_plan("chat-1", seed=7), _plan("chat-1", seed=8), _plan("chat-2", seed=7)]
    assert len({tuple(exchange.prompt.text for exchange in exchanges) for exchanges in sent}) == 3


def test_prompts_are_labelled_and_all_are_used() -> None:
    labels = Counter(prompt.name.rpartition("-")[0] for prompt in read_prompts())
    assert set(labels) == {"short", "talk", "explain", "code", "text"}
    assert {exchange.prompt for exchange in _plan("chat-1", seed=1)} == set(read_prompts())


def test_most_answers_are_read_and_some_are_stopped_or_left() -> None:
    endings = Counter(exchange.then for exchange in _plan("chat-1", seed=1))
    assert endings["read"] > 300
    assert endings["stop"] > 3
    assert endings["leave"] > 3


def test_a_conversation_has_a_few_plan() -> None:
    exchanges = _plan("chat-1", seed=1)
    assert exchanges[0].opens
    opened = [index for index, exchange in enumerate(exchanges) if exchange.opens]
    lengths = {after - before for before, after in pairwise(opened)}
    assert lengths == set(range(1, MOST_EXCHANGES + 1))


def test_a_reader_keeps_up_with_a_slow_answer_and_reads_on_after_a_quick_one() -> None:
    assert reading_seconds("four words a second", since_first_text=0.25) == 0.75
    assert reading_seconds("four words a second", since_first_text=9) == 0
