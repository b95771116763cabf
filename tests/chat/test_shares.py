"""Everybody has a share of the chat; who takes more is told which, and nobody else notices."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbot import errors
from chatbot.chat import shares
from chatbot.chat.generations import INTERRUPTION_S
from chatbot.chat.shares import NOBODY, Asker, Rate, RateExceeded, ShareExceeded, Shares
from chatbot.services import Services
from chatbot.settings import Settings
from locustfiles.run.shapes import SHAPES
from tests.support.exchanges import Send, list_path, wait_until_answered
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.generations import Ask, wait_until_ended
from tests.support.shares import stop_clock

ANN, BOB = Asker("ann", "192.0.2.1"), Asker("bob", "192.0.2.1")
PROGRAM = Asker("", "192.0.2.1")
EVE = Asker("eve", "192.0.2.9")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the shares take for the time: `clock.now`, in seconds."""
    return stop_clock(monkeypatch)


def test_all_of_a_minute_can_be_taken_at_once_and_comes_back_by_and_by(
    clock: SimpleNamespace,
) -> None:
    rate = Rate(7)
    assert [rate.take("ann") for _ in range(7)] == [0] * 7
    assert rate.take("ann") == pytest.approx(60 / 7)
    assert rate.take("bob") == 0
    clock.now += 60 / 7
    assert rate.take("ann") == 0
    assert rate.take("ann") > 0


def test_more_than_there_is_in_a_minute_takes_all_of_it(clock: SimpleNamespace) -> None:
    rate = Rate(10)
    assert rate.take("ann", 50) == 0
    assert rate.take("ann", 1) == pytest.approx(6)


def test_who_has_all_back_is_forgotten(clock: SimpleNamespace) -> None:
    rate = Rate(60)
    for number in range(3000):
        rate.take(f"visitor {number}")
        clock.now += 0.1
    assert len(rate._taken_until) <= 1001


def test_the_sentence_says_when_the_share_is_free_again(clock: SimpleNamespace) -> None:
    own = Shares(Settings(prompts_per_minute=2))
    own.take_prompt(ANN)
    own.take_prompt(ANN)
    with pytest.raises(RateExceeded) as refusal:
        own.take_prompt(ANN)
    assert refusal.value.sentence == (
        "One visitor may send 2 prompts a minute. Send it again in 30 seconds."
    )
    assert shares.retry_headers(refusal.value) == {"Retry-After": "30"}
    own.take_prompt(BOB)
    own.take_search(ANN)


def test_an_address_has_the_rates_of_many_visitors(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "VISITORS_OF_AN_ADDRESS", 2)
    own = Shares(Settings(prompts_per_minute=1))
    own.take_prompt(ANN)
    own.take_prompt(BOB)
    with pytest.raises(RateExceeded) as refusal:
        own.take_prompt(Asker("carl", ANN.address))
    assert refusal.value.code == "too_much_of_address"
    own.take_prompt(EVE)
    for _ in range(5):
        own.take_prompt(NOBODY)


@pytest.mark.configured(answers_per_visitor=2)
def test_a_visitor_has_so_many_answers_at_once_and_others_theirs(
    fake: FakeOllama, ask: Ask, ready: Services
) -> None:
    fake.fail(stall(0), times=3)
    answers = [ask(asker=ANN, watchers=[lambda: True]) for _ in range(2)]
    with pytest.raises(ShareExceeded) as refusal:
        ask(asker=ANN)
    assert (refusal.value.code, refusal.value.status) == ("too_many_answers", 429)
    answers.append(ask(asker=BOB))
    fake.resume()
    for answer in answers:
        wait_until_ended(answer, "done")
    wait_until_ended(ask(asker=ANN), "done")


def test_a_slot_goes_to_the_visitors_by_turns(fake: FakeOllama, ask: Ask) -> None:
    fake.slots = 1
    fake.fail(stall(0))
    ask(asker=BOB)
    fake.wait_for(lambda one: one.active == 1)
    first, second, third = [ask(asker=ANN) for _ in range(3)]
    fake.wait_for(lambda one: one.waiting == 1)
    of_eve = ask(asker=EVE)
    fake.wait_for(lambda one: one.waiting == 2)
    fake.resume()
    answers = [first, of_eve, second, third]
    for answer in answers:
        wait_until_ended(answer, "done")
    began_at = [answer.first_text_at or 0.0 for answer in answers]
    assert began_at == sorted(began_at)


def test_a_prompt_whose_turn_has_not_come_can_be_stopped(
    fake: FakeOllama, ask: Ask, ready: Services
) -> None:
    fake.fail(stall(0))
    first, second, third = [ask(asker=ANN) for _ in range(3)]
    fake.wait_for(lambda one: one.active == 1)
    ready.generations.stop(second)
    wait_until_ended(second, "stopped")
    ready.generations.stop(first)
    wait_until_ended(first, "stopped")
    wait_until_ended(third, "done")


@pytest.mark.configured(answers_per_visitor=1)
def test_an_own_answer_that_nobody_watches_gives_its_place(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(0), times=2)
    others = ask(asker=BOB, watchers=[lambda: False])
    own = ask(asker=ANN, watchers=[lambda: False])
    for answer in (others, own):
        answer.watched_at -= INTERRUPTION_S + 1
    new = ask(asker=ANN, watchers=[lambda: True])
    wait_until_ended(own, "abandoned")
    assert others.ending is None
    fake.resume()
    wait_until_ended(new, "done")


@pytest.mark.configured(max_answers=32)
def test_programs_of_an_address_leave_places_to_its_people_and_these_to_other_addresses(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.fail(stall(0), times=32)
    answers = [ask(asker=PROGRAM) for _ in range(28)]
    with pytest.raises(ShareExceeded):
        ask(asker=PROGRAM)
    answers += [ask(asker=ANN), ask(asker=BOB)]
    with pytest.raises(ShareExceeded) as refusal:
        ask(asker=ANN)
    assert refusal.value.code == "too_many_answers_of_address"
    answers += [ask(asker=EVE), ask(asker=NOBODY)]
    with pytest.raises(errors.Busy):
        ask(asker=NOBODY)
    fake.resume()
    for answer in answers:
        wait_until_ended(answer, "done")


def test_the_classic_load_test_keeps_within_the_share_of_its_address() -> None:
    users = max(stage.users for stage in SHAPES["classic"].stages)
    bounds = shares.list_answer_bounds(PROGRAM, Settings())
    assert min(bound.most for bound in bounds) >= users == 50


@pytest.mark.configured(max_answers=1)
def test_where_one_answer_is_taken_at_once_a_program_may_have_it(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.fail(stall(0))
    answer = ask(asker=PROGRAM)
    with pytest.raises(errors.Busy):
        ask(asker=PROGRAM)
    fake.resume()
    wait_until_ended(answer, "done")


@pytest.mark.configured(prompts_per_minute=2)
def test_what_is_too_much_in_a_minute_is_not_stored(ready: Services, send: Send) -> None:
    exchange = send("One")
    wait_until_answered(ready, exchange)
    again = ready.chat.answer_again(
        "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, again)
    with pytest.raises(RateExceeded):
        send("Three", exchange.conversation.id)
    assert len(list_path(ready, exchange)) == 2
    wait_until_answered(ready, send("One", user_id="bob"))


def test_the_log_tells_a_refusal_once_a_minute(
    clock: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    asker = Asker("who writes\nlines", "192.0.2.77")
    for _ in range(3):
        shares.log_refusal(asker, ShareExceeded(count=4))
    (line,) = caplog.messages
    assert "too_many_answers for visitor 'who writes\\nlines' at '192.0.2.77'" in line
