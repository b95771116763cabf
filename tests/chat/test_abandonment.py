"""Answers that nobody watches: they go on for who comes back, make room, and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot import errors, metrics
from chatbot.chat import abandonment
from chatbot.chat.generations import INTERRUPTION_S
from chatbot.chat.shares import NOBODY
from chatbot.history import HistoryUnavailable
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    FakeOllama,
    stall,
)
from tests.support.generations import TWO, WHILE, Ask, Kept, Tab, wait_until_ended
from tests.support.product import wait_for


@pytest.mark.configured(abandoned_after=0)
@pytest.mark.parametrize(("prepare", "is_there", "text"), WHILE)
def test_an_answer_that_nobody_waits_for_ends_on_the_server(
    fake: FakeOllama,
    ask: Ask,
    prepare: Callable[[FakeOllama], None],
    is_there: Callable[[FakeOllama], bool],
    text: str,
) -> None:
    prepare(fake)
    tabs = [True, True]
    kept = Kept()
    answer = ask(keeper=kept, watchers=[lambda: tabs[0], lambda: tabs[1]])
    fake.wait_for(is_there)
    wait_for(lambda: answer.text == text)
    tabs[0] = False
    assert not answer.over.wait(0.1)
    tabs[1] = False
    wait_until_ended(answer, "abandoned")
    assert kept.ends == [(text, "abandoned")]
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


def test_an_answer_goes_on_for_who_comes_back(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    tab = Tab(is_open=False)
    answer = ask(watchers=[tab])
    tab.looked_at()
    answer.watched_at -= 599  # seconds of absence
    tab.looked_at()
    tab.is_open = True
    tab.looked_at()
    tab.is_open = False
    answer.watched_at -= 599
    tab.looked_at()
    assert answer.state == "writing"
    fake.resume()
    wait_until_ended(answer, "done")
    assert fake.aborted == 0


def test_pages_that_come_again_and_again_do_not_pile_up(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    tab = Tab(is_open=True)
    answer = ask(watchers=[tab])
    for _ in range(20):
        tab.is_open = False
        tab = Tab(is_open=True)
        answer.watchers.append(tab)
        tab.looked_at()
    assert answer.watchers == [tab]
    fake.resume()
    wait_until_ended(answer, "done")


@pytest.mark.configured(abandoned_after=30)
def test_an_answer_ends_when_nobody_has_come_back(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    kept, tab = Kept(), Tab(is_open=False)
    answer = ask(keeper=kept, watchers=[tab])
    wait_for(lambda: answer.text == TWO)
    tab.looked_at()
    assert answer.state == "writing"
    answer.watched_at -= 30
    wait_until_ended(answer, "abandoned")
    assert kept.ends == [(TWO, "abandoned")]
    fake.wait_for(lambda one: one.aborted == 1 and not one.active)


@pytest.mark.configured(max_answers=2)
def test_an_unwatched_answer_goes_on_while_nobody_needs_its_place(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.fail(stall(0), times=2)
    tab = Tab(is_open=False)
    unwatched, watched = ask(watchers=[tab]), ask(watchers=[lambda: True])
    unwatched.watched_at -= 100
    tab.looked_at()
    assert unwatched.state == "writing"
    fake.resume()
    for answer in (unwatched, watched):
        wait_until_ended(answer, "done")


@pytest.mark.configured(max_answers=3)
def test_a_prompt_takes_the_place_of_the_answer_that_nobody_has_watched_for_longest(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.fail(stall(2), times=3)
    kept = Kept()
    watched = ask(watchers=[lambda: True])
    left, left_longer = ask(watchers=[lambda: False]), ask(keeper=kept, watchers=[lambda: False])
    wait_for(lambda: left_longer.text == TWO)
    left.watched_at -= 20
    left_longer.watched_at -= 30
    before = metrics.ENDED.labels("abandoned")._value.get()
    wait_until_ended(ask(), "done")
    wait_until_ended(left_longer, "abandoned")
    assert kept.ends == [(TWO, "abandoned")]
    assert metrics.ENDED.labels("abandoned")._value.get() == before + 1
    assert (watched.state, left.state) == ("writing", "writing")
    fake.resume()
    for answer in (watched, left):
        wait_until_ended(answer, "done")


@pytest.mark.configured(max_answers=2)
def test_an_answer_that_was_watched_a_moment_ago_or_is_now_keeps_its_place(
    fake: FakeOllama, ask: Ask, ready: Services
) -> None:
    fake.fail(stall(0), times=2)
    tab = Tab(is_open=False)
    answers = [ask(watchers=[lambda: True]), ask(watchers=[tab])]
    for refused in (ask, lambda: ready.generations.check_capacity(NOBODY)):
        with pytest.raises(errors.Busy):
            refused()
    tab.is_open = True
    answers[1].watched_at -= 20  # the tab has come back, and nobody has looked since
    with pytest.raises(errors.Busy):
        ask()
    fake.resume()
    for answer in answers:
        wait_until_ended(answer, "done")


@pytest.mark.parametrize("is_watched", [True, False])
def test_an_unwatched_answer_makes_room_for_a_later_one_that_has_long_waited(
    fake: FakeOllama, ask: Ask, is_watched: bool
) -> None:
    fake.set(slots=1)
    fake.fail(stall(2))
    tab = Tab(is_open=False)
    unwatched = ask(watchers=[tab])
    wait_for(lambda: unwatched.text == TWO)
    later = ask(watchers=[lambda: is_watched])
    fake.wait_for(lambda one: one.waiting == 1)
    unwatched.watched_at -= INTERRUPTION_S
    tab.looked_at()
    assert unwatched.state == "writing"
    unwatched.started_at -= 2 * INTERRUPTION_S
    later.started_at -= INTERRUPTION_S
    if is_watched:
        wait_until_ended(unwatched, "abandoned")
    else:
        tab.looked_at()
        assert unwatched.state == "writing"
        fake.resume()
    wait_until_ended(later, "done")


def test_one_who_waits_gets_one_place_at_a_time(fake: FakeOllama, ask: Ask) -> None:
    fake.set(slots=2)
    fake.fail(stall(0), times=3)
    tabs = [Tab(is_open=False), Tab(is_open=False)]
    first, second = (ask(watchers=[tab]) for tab in tabs)
    fake.wait_for(lambda one: one.active == 2)
    later = ask(watchers=[lambda: True])
    for seconds, answer in ((30, first), (20, second)):
        answer.watched_at -= seconds
        answer.started_at -= 30
    later.started_at -= INTERRUPTION_S
    wait_until_ended(first, "abandoned")
    tabs[1].looked_at()
    assert second.state == "writing"
    later.room_made_at -= INTERRUPTION_S
    wait_until_ended(second, "abandoned")
    fake.resume()
    wait_until_ended(later, "done")


@pytest.mark.parametrize("error", [HistoryUnavailable("history_disk_full"), ValueError("odd")])
def test_a_failure_to_save_is_forgotten_when_the_end_is_kept(
    fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(abandonment, "SAVE_S", 0)
    fake.fail(stall(2))
    kept = Kept("save", error)
    answer = ask(keeper=kept)
    wait_for(lambda: len(kept.saved) > 1 and kept.saved[-1] == TWO)
    fake.resume()
    wait_until_ended(answer, "done")
    assert answer.error is None
