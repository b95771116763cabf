"""Answers that nobody watches: they go on for who comes back, make room, and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbot.chat import abandonment
from chatbot.history import HistoryUnavailable
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
    answer.watched_at -= 59  # seconds of absence
    tab.looked_at()
    tab.is_open = True
    tab.looked_at()
    tab.is_open = False
    answer.watched_at -= 59
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
def test_an_unwatched_answer_makes_room_once_no_other_would_be_taken(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.fail(stall(0), times=2)
    tab = Tab(is_open=False)
    unwatched = ask(watchers=[tab])
    unwatched.watched_at -= abandonment._INTERRUPTION_S
    tab.looked_at()
    assert unwatched.state == "writing"
    watched = ask(watchers=[lambda: True])
    wait_until_ended(unwatched, "abandoned")
    wait_until_ended(ask(), "done")
    fake.resume()
    wait_until_ended(watched, "done")


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
    unwatched.watched_at -= abandonment._INTERRUPTION_S
    tab.looked_at()
    assert unwatched.state == "writing"
    unwatched.started_at -= 2 * abandonment._INTERRUPTION_S
    later.started_at -= abandonment._INTERRUPTION_S
    if is_watched:
        wait_until_ended(unwatched, "abandoned")
    else:
        tab.looked_at()
        assert unwatched.state == "writing"
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
