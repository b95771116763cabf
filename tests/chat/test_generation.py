"""Answers under way: bounded, stopped on the server, and what came is kept whatever happens."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chatbot import errors, metrics
from chatbot.chat import abandonment, generations
from chatbot.chat.generation import Generation
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.messages import Ending
from chatbot.domain.parameters import Parameters
from chatbot.history import HistoryUnavailable
from chatbot.llm.client import Piece
from chatbot.services import Services
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    OUT_OF_MEMORY,
    FakeOllama,
    Fault,
    cut,
    error_line,
    prose,
    stall,
)
from tests.support.product import LoopThread, wait_for

Ask = Callable[..., Generation]
TWO, THREE = ("".join(prose(count)) for count in (2, 3))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat looks around more often than it would."""
    monkeypatch.setattr(abandonment, "WATCH_S", 0.02)
    monkeypatch.setattr(generations, "RETRY_S", 0.02)


@pytest.fixture
def ask(ready: Services) -> Ask:
    """Starts an answer with these fields."""

    def start(**fields: Any) -> Generation:
        request = GenerationRequest(DEFAULT_MODEL, [ChatMessage("user", "Hello")])
        return ready.generations.start(Generation(secrets.token_hex(4), request, **fields))

    return start


class Kept:
    """A keeper that remembers, or raises `error` at the calls named in `broken`."""

    def __init__(self, broken: str = "", error: Exception | None = None) -> None:
        self.saved: list[str] = []
        self.ends: list[tuple[str, str]] = []
        self._broken = broken
        self._error = error

    def save(self, generation: Generation) -> None:
        self.saved.append(generation.text)
        self._fail("save")

    def finish(self, generation: Generation) -> None:
        self.ends.append((generation.text, generation.state))
        self._fail("finish")

    def _fail(self, call: str) -> None:
        if self._error is not None and call in self._broken:
            raise self._error


def _ended(generation: Generation, ending: Ending) -> None:
    assert generation.over.wait(10)
    assert generation.begun.is_set()
    assert generation.state == ending


def test_an_answer_is_written_and_kept(fake: FakeOllama, ask: Ask) -> None:
    fake.tokens = ["Good", " day"]
    kept = Kept()
    answer = ask(keeper=kept)
    _ended(answer, "done")
    assert (answer.text, answer.error) == ("Good day", None)
    assert answer.statistics is not None
    assert answer.statistics.output_tokens == 2
    assert answer.ttft_s is not None
    assert kept.ends == [("Good day", "done")]


def test_the_first_text_is_told_before_the_end(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    answer = ask()
    assert answer.begun.wait(10)
    wait_for(lambda: answer.text == TWO)
    assert not answer.over.is_set()
    fake.resume()
    _ended(answer, "done")


def test_no_token_is_lost_however_often_the_text_is_read() -> None:
    answer, interval = Generation("id", GenerationRequest("model", [])), sys.getswitchinterval()
    over, all_run = threading.Event(), threading.Barrier(3)

    def read() -> None:
        all_run.wait()
        while not over.is_set():
            assert answer.text is not None

    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        all_run.wait()
        for _ in range(50_000):
            answer.add_part("x")
        over.set()
        assert all(reader.result() is None for reader in readers)
    sys.setswitchinterval(interval)
    assert len(answer.text) == 50_000


@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [(OUT_OF_MEMORY, errors.OutOfMemory, ""), (cut(2), errors.OllamaFailed, TWO)],
)
def test_a_failed_answer_keeps_its_text_and_says_why(
    fake: FakeOllama, ask: Ask, fault: Fault, kind: type[errors.ChatError], text: str
) -> None:
    fake.fail(fault)
    kept = Kept()
    answer = ask(keeper=kept)
    _ended(answer, "failed")
    assert type(answer.error) is kind
    assert kept.ends == [(text, "failed")]


@pytest.mark.configured(answer_timeout=1)
@pytest.mark.parametrize("after", [0, 2])
def test_an_answer_that_takes_too_long_is_cut_and_ends_on_the_server(
    fake: FakeOllama, ask: Ask, after: int
) -> None:
    fake.fail(stall(after))
    answer = ask()
    _ended(answer, "failed")
    assert isinstance(answer.error, errors.TimedOut)
    assert answer.error.sentence == (
        "The answer was cut after 1 second. Ask for less at once, or raise ANSWER_TIMEOUT."
    )
    assert len(answer.text.split()) == after
    fake.wait_for(lambda one: one.active == 0 and one.aborted == 1)


def _queue(fake: FakeOllama) -> None:
    fake.slots = 0


def _read_prompt(fake: FakeOllama) -> None:
    fake.first_token_delay = 60


def _write(fake: FakeOllama) -> None:
    fake.fail(stall(3))


WHILE = [
    (_queue, lambda one: one.waiting == 1, ""),
    (_read_prompt, lambda one: one.active == 1, ""),
    (_write, lambda one: one.active == 1, THREE),
]


@pytest.mark.parametrize(("prepare", "is_there", "text"), WHILE)
def test_a_stop_ends_the_answer_on_the_server_and_keeps_its_text(
    fake: FakeOllama,
    services: Services,
    ask: Ask,
    prepare: Callable[[FakeOllama], None],
    is_there: Callable[[FakeOllama], bool],
    text: str,
) -> None:
    prepare(fake)
    kept = Kept()
    answer = ask(keeper=kept)
    fake.wait_for(is_there)
    wait_for(lambda: answer.text == text)
    services.generations.stop(answer)
    _ended(answer, "stopped")
    assert kept.ends == [(text, "stopped")]
    assert answer.error is None
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


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
    _ended(answer, "abandoned")
    assert kept.ends == [(text, "abandoned")]
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


class Tab:
    """A watcher that comes and goes."""

    def __init__(self, is_open: bool) -> None:
        self.is_open = is_open
        self.looks = 0

    def __call__(self) -> bool:
        self.looks += 1
        return self.is_open

    def looked_at(self) -> None:
        """Returns when the chat has looked at it from now on."""
        seen = self.looks
        wait_for(lambda: self.looks > seen + 2)


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
    _ended(answer, "done")
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
    _ended(answer, "done")


@pytest.mark.configured(abandoned_after=30)
def test_an_answer_ends_when_nobody_has_come_back(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    kept, tab = Kept(), Tab(is_open=False)
    answer = ask(keeper=kept, watchers=[tab])
    wait_for(lambda: answer.text == TWO)
    tab.looked_at()
    assert answer.state == "writing"
    answer.watched_at -= 30
    _ended(answer, "abandoned")
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
    _ended(unwatched, "abandoned")
    _ended(ask(), "done")
    fake.resume()
    _ended(watched, "done")


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
        _ended(unwatched, "abandoned")
    else:
        tab.looked_at()
        assert unwatched.state == "writing"
        fake.resume()
    _ended(later, "done")


def test_who_leaves_for_good_ends_what_nobody_else_waits_for(
    fake: FakeOllama, services: Services, ask: Ask
) -> None:
    fake.fail(stall(2), times=3)
    leaving, staying, gone = Tab(is_open=True), Tab(is_open=True), Tab(is_open=False)
    own, shared, other = (
        ask(watchers=[leaving, gone]),
        ask(watchers=[staying, leaving]),
        ask(watchers=[gone]),
    )
    services.generations.stop_watched_by(leaving)
    _ended(own, "stopped")
    staying.looked_at()
    assert (shared.state, other.state) == ("writing", "writing")
    fake.resume()
    _ended(shared, "done")
    _ended(other, "done")


def test_an_answer_stopped_at_once_leaves_nothing_behind(
    fake: FakeOllama, services: Services, ask: Ask
) -> None:
    fake.fail(stall(0))
    answer = ask()
    services.generations.stop(answer)
    _ended(answer, "stopped")
    assert services.generations.find_generation(answer.id) is None
    fake.wait_for(lambda one: not one.active + one.waiting)


def test_a_stop_after_the_end_changes_nothing(services: Services, ask: Ask) -> None:
    answer = ask()
    _ended(answer, "done")
    services.generations.stop(answer)
    _ended(ask(), "done")
    assert answer.state == "done"


@pytest.mark.configured(max_answers=2)
def test_more_answers_than_max_answers_are_refused_until_one_has_ended(
    fake: FakeOllama, services: Services, ask: Ask
) -> None:
    fake.fail(stall(0), times=2)
    first, second = ask(), ask()
    fake.wait_for(lambda one: one.active == 2)
    with pytest.raises(errors.Busy) as refusal:
        ask()
    assert refusal.value.sentence == (
        "2 answers are under way, as many as this chat takes at once. Try again in a minute."
    )
    services.generations.stop(first)
    _ended(first, "stopped")
    _ended(ask(), "done")
    services.generations.stop(second)


@pytest.mark.configured(max_answers=5)
def test_the_bound_holds_when_many_threads_ask_at_once(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(0), times=5)

    def try_to_ask(_: int) -> bool:
        try:
            ask()
        except errors.Busy:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_to_ask, range(20))) == 5
    fake.resume()


def test_each_answer_knows_how_many_are_before_it(
    fake: FakeOllama, services: Services, ask: Ask
) -> None:
    fake.fail(stall(0), times=3)
    three = [ask() for _ in range(3)]
    assert [services.generations.count_ahead(one) for one in three] == [0, 1, 2]
    services.generations.stop(three[0])
    _ended(three[0], "stopped")
    assert [services.generations.count_ahead(one) for one in three[1:]] == [0, 1]
    fake.resume()


def test_a_patient_answer_is_written_when_ollama_is_back(fake: FakeOllama, ask: Ask) -> None:
    fake.stop()
    answer = ask(patient=True)
    wait_for(lambda: answer.waits_for_ollama)
    assert not answer.over.is_set()
    fake.start()
    _ended(answer, "done")
    assert answer.text


def test_an_answer_no_longer_says_that_it_waits_once_ollama_is_back(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.stop()
    fake.fail(stall(0))
    answer = ask(patient=True)
    wait_for(lambda: answer.waits_for_ollama)
    fake.start()
    fake.wait_for(lambda one: one.active == 1)
    assert not answer.waits_for_ollama
    fake.resume()
    _ended(answer, "done")


def test_a_patient_answer_survives_a_restart_of_ollama_while_the_prompt_is_read(
    fake: FakeOllama, ask: Ask
) -> None:
    fake.first_token_delay = 60
    answer = ask(patient=True)
    fake.wait_for(lambda one: one.active == 1)
    fake.stop()
    wait_for(lambda: answer.waits_for_ollama)
    fake.first_token_delay = 0
    fake.start()
    _ended(answer, "done")


def test_an_ollama_lost_in_mid_answer_is_not_asked_again(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    answer = ask(patient=True)
    wait_for(lambda: answer.text == TWO)
    fake.stop()
    _ended(answer, "failed")
    assert isinstance(answer.error, errors.OllamaFailed)
    assert answer.text == TWO


def test_a_connection_reset_in_mid_answer_is_not_asked_again(
    ready: Services, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reset(*_: object) -> AsyncIterator[Piece]:
        yield Piece("Half")
        raise errors.OllamaUnreachable(url="http://nowhere")

    monkeypatch.setattr(ready.llm, "stream_answer", reset)
    answer = ask(patient=True)
    _ended(answer, "failed")
    assert answer.text == "Half"


def test_an_answer_that_is_not_patient_fails_at_once(fake: FakeOllama, ask: Ask) -> None:
    fake.stop()
    answer = ask()
    _ended(answer, "failed")
    assert isinstance(answer.error, errors.OllamaUnreachable)


def test_patience_has_an_end(fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "PATIENCE_S", 0.1)
    fake.stop()
    answer = ask(patient=True)
    _ended(answer, "failed")
    assert isinstance(answer.error, errors.OllamaUnreachable)


def test_waiting_for_ollama_can_be_stopped(fake: FakeOllama, services: Services, ask: Ask) -> None:
    fake.stop()
    answer = ask(patient=True)
    wait_for(lambda: answer.waits_for_ollama)
    services.generations.stop(answer)
    _ended(answer, "stopped")


def test_draining_lets_an_answer_finish_and_takes_no_new_one(
    fake: FakeOllama, services: Services, ask: Ask, loop: LoopThread
) -> None:
    fake.fail(stall(2))
    answer = ask()
    draining = asyncio.run_coroutine_threadsafe(services.generations.drain(), loop.loop)
    wait_for(lambda: services.generations.draining)
    with pytest.raises(errors.Draining) as refusal:
        ask()
    assert refusal.value.sentence == "The chat is about to restart. Send it again in a moment."
    assert not draining.done()
    fake.resume()
    draining.result(10)
    _ended(answer, "done")


@pytest.mark.configured(drain_timeout=0.2)
@pytest.mark.parametrize(("prepare", "is_there", "text"), WHILE)
def test_draining_cuts_what_takes_too_long_and_keeps_it_as_interrupted(
    fake: FakeOllama,
    services: Services,
    ask: Ask,
    loop: LoopThread,
    prepare: Callable[[FakeOllama], None],
    is_there: Callable[[FakeOllama], bool],
    text: str,
) -> None:
    prepare(fake)
    kept = Kept()
    answer = ask(keeper=kept)
    fake.wait_for(is_there)
    wait_for(lambda: answer.text == text)
    loop.run(services.generations.drain())
    assert answer.over.is_set()
    assert kept.ends == [(text, "interrupted")]
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


@pytest.mark.configured(drain_timeout=0)
def test_an_answer_that_is_being_kept_when_the_time_is_over_stays_done(
    services: Services, ask: Ask, loop: LoopThread
) -> None:
    keeping, go_on = threading.Event(), threading.Event()

    class Slow(Kept):
        def finish(self, answer: Generation) -> None:
            keeping.set()
            assert go_on.wait(10)
            super().finish(answer)

    kept = Slow()
    answer = ask(keeper=kept)
    assert keeping.wait(10)
    draining = asyncio.run_coroutine_threadsafe(services.generations.drain(), loop.loop)
    wait_for(lambda: services.generations.draining)
    loop.run(asyncio.sleep(0.05))
    go_on.set()
    draining.result(10)
    assert kept.ends == [(answer.text, "done")]


FULL = HistoryUnavailable("history_disk_full")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FULL, FULL.sentence),
        (ValueError("odd"), "The answer could not be kept. Look for the reason in the chat's log."),
    ],
)
def test_an_answer_that_cannot_be_kept_is_shown_and_says_so(
    services: Services, ask: Ask, error: Exception, sentence: str
) -> None:
    answer = ask(keeper=Kept("finish", error))
    _ended(answer, "done")
    assert answer.text
    assert answer.error is not None
    assert answer.error.sentence == sentence
    assert services.generations.find_generation(answer.id) is None


@pytest.mark.parametrize("error", [FULL, ValueError("odd")])
def test_a_failure_to_save_is_forgotten_when_the_end_is_kept(
    fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(abandonment, "SAVE_S", 0)
    fake.fail(stall(2))
    kept = Kept("save", error)
    answer = ask(keeper=kept)
    wait_for(lambda: len(kept.saved) > 1 and kept.saved[-1] == TWO)
    fake.resume()
    _ended(answer, "done")
    assert answer.error is None


TAGGED = [
    ["<think>", "\nTwo and", " two.\n</th", "ink>\n\n", "Fo", "ur."],
    ["Two and", " two.\n", "</think>", "\n\nFo", "ur."],
]


@pytest.mark.parametrize("tokens", TAGGED)
def test_thinking_in_the_text_is_thinking_once_it_is_known_to_be(
    fake: FakeOllama, ask: Ask, tokens: list[str]
) -> None:
    fake.tokens = tokens
    fake.fail(stall(len(tokens) - 1))
    answer = ask()
    wait_for(lambda: answer.text == "Fo")
    assert answer.thinking.strip() == "Two and two."
    assert answer.moved is (tokens == TAGGED[1])
    assert answer.first_thought_at is not None and answer.first_text_at is not None
    assert answer.first_thought_at <= answer.first_text_at
    fake.resume()
    _ended(answer, "done")
    assert answer.text == "Four."


def test_what_was_held_back_as_the_beginning_of_a_tag_is_kept(fake: FakeOllama, ask: Ask) -> None:
    fake.tokens = ["<", "thi", "nk>"]
    fake.fail(cut(2))
    answer = ask()
    _ended(answer, "failed")
    assert answer.text == "<thi"


@pytest.mark.parametrize("tokens", [[], [" ", "\n"], ["<think>", "Well", "</think>", "\n"]])
def test_an_answer_without_text_is_none(fake: FakeOllama, ask: Ask, tokens: list[str]) -> None:
    fake.tokens = tokens
    answer = ask()
    _ended(answer, "failed")
    assert type(answer.error) is errors.EmptyAnswer
    assert answer.error.sentence == "The model wrote nothing. Try again, or choose another model."
    assert answer.thinking == "".join(tokens[1:2] if len(tokens) > 2 else [])
    assert answer.statistics is not None and answer.statistics.output_tokens == len(tokens)
    assert metrics.WAITING._value.get() == 0


def test_thinking_until_the_longest_answer_allowed_says_what_to_raise(
    fake: FakeOllama, ready: Services
) -> None:
    fake.tokens = ["<think>", *prose(20)]
    request = GenerationRequest(
        DEFAULT_MODEL, [ChatMessage("user", "Hello")], parameters=Parameters(num_predict=8)
    )
    answer = ready.generations.start(Generation("cut", request))
    _ended(answer, "failed")
    assert answer.error and "Raise num_predict" in answer.error.sentence
    assert answer.thinking == "".join(prose(7))


def test_a_model_that_was_only_loaded_has_written_nothing(
    fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = shapes.last_line
    monkeypatch.setattr(
        shapes, "last_line", lambda model, chat, *_, **__: last(model, chat, "load")
    )
    fake.tokens = []
    answer = ask()
    _ended(answer, "failed")
    assert type(answer.error) is errors.EmptyAnswer


def test_an_error_after_text_keeps_the_text_and_says_the_reason(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(error_line(3, "the runner fell over"))
    answer = ask()
    _ended(answer, "failed")
    assert answer.text == THREE
    assert answer.error and "the runner fell over" in answer.error.sentence
