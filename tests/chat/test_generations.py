"""Answers under way: bounded, stopped on the server, and what came is kept whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot import errors
from chatbot.chat import generations
from chatbot.chat.generation import Generation
from chatbot.history import HistoryUnavailable
from chatbot.llm.client import Piece
from chatbot.services import Services
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.server import (
    OUT_OF_MEMORY,
    FakeOllama,
    Fault,
    cut,
    error_line,
    stall,
)
from tests.support.generations import THREE, TWO, WHILE, Ask, Kept, wait_until_ended
from tests.support.product import LoopThread, wait_for


def test_an_answer_is_written_and_kept(fake: FakeOllama, ask: Ask) -> None:
    fake.tokens = ["Good", " day"]
    kept = Kept()
    answer = ask(keeper=kept)
    wait_until_ended(answer, "done")
    assert (answer.text, answer.error) == ("Good day", None)
    assert answer.statistics is not None
    assert answer.statistics.output_tokens == 2
    assert answer.ttft_s is not None
    assert kept.ends == [("Good day", "done")]


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
    wait_until_ended(answer, "failed")
    assert type(answer.error) is kind
    assert kept.ends == [(text, "failed")]


@pytest.mark.configured(answer_timeout=1)
@pytest.mark.parametrize("after", [0, 2])
def test_an_answer_that_takes_too_long_is_cut_and_ends_on_the_server(
    fake: FakeOllama, ask: Ask, after: int
) -> None:
    fake.fail(stall(after))
    answer = ask()
    wait_until_ended(answer, "failed")
    assert isinstance(answer.error, errors.TimedOut)
    assert answer.error.sentence == (
        "The answer was cut after 1 second. Ask for less at once, or raise ANSWER_TIMEOUT."
    )
    assert len(answer.text.split()) == after
    fake.wait_for(lambda one: one.active == 0 and one.aborted == 1)


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
    wait_until_ended(answer, "stopped")
    assert kept.ends == [(text, "stopped")]
    assert answer.error is None
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


def test_an_answer_stopped_at_once_leaves_nothing_behind(
    fake: FakeOllama, services: Services, ask: Ask
) -> None:
    fake.fail(stall(0))
    answer = ask()
    services.generations.stop(answer)
    wait_until_ended(answer, "stopped")
    assert services.generations.find_generation(answer.id) is None
    fake.wait_for(lambda one: not one.active + one.waiting)


def test_a_stop_after_the_end_changes_nothing(services: Services, ask: Ask) -> None:
    answer = ask()
    wait_until_ended(answer, "done")
    services.generations.stop(answer)
    wait_until_ended(ask(), "done")
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
    wait_until_ended(first, "stopped")
    wait_until_ended(ask(), "done")
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
    wait_until_ended(three[0], "stopped")
    assert [services.generations.count_ahead(one) for one in three[1:]] == [0, 1]
    fake.resume()


def test_a_patient_answer_is_written_when_ollama_is_back(fake: FakeOllama, ask: Ask) -> None:
    fake.stop()
    answer = ask(patient=True)
    wait_for(lambda: answer.waits_for_ollama)
    assert not answer.over.is_set()
    fake.start()
    wait_until_ended(answer, "done")
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
    wait_until_ended(answer, "done")


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
    wait_until_ended(answer, "done")


def test_an_ollama_lost_in_mid_answer_is_not_asked_again(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    answer = ask(patient=True)
    wait_for(lambda: answer.text == TWO)
    fake.stop()
    wait_until_ended(answer, "failed")
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
    wait_until_ended(answer, "failed")
    assert answer.text == "Half"


def test_an_answer_that_is_not_patient_fails_at_once(fake: FakeOllama, ask: Ask) -> None:
    fake.stop()
    answer = ask()
    wait_until_ended(answer, "failed")
    assert isinstance(answer.error, errors.OllamaUnreachable)


def test_patience_has_an_end(fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "PATIENCE_S", 0.1)
    fake.stop()
    answer = ask(patient=True)
    wait_until_ended(answer, "failed")
    assert isinstance(answer.error, errors.OllamaUnreachable)


def test_waiting_for_ollama_can_be_stopped(fake: FakeOllama, services: Services, ask: Ask) -> None:
    fake.stop()
    answer = ask(patient=True)
    wait_for(lambda: answer.waits_for_ollama)
    services.generations.stop(answer)
    wait_until_ended(answer, "stopped")


def test_at_the_end_no_new_answer_begins(services: Services, ask: Ask, loop: LoopThread) -> None:
    assert not loop.run(services.generations.close())
    with pytest.raises(errors.Draining) as refusal:
        ask()
    assert refusal.value.sentence == "The chat is about to restart. Send it again in a moment."


@pytest.mark.parametrize(("prepare", "is_there", "text"), WHILE)
def test_the_end_cuts_what_is_under_way_and_keeps_it_as_interrupted(
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
    assert loop.run(services.generations.close())
    assert answer.over.is_set()
    assert kept.ends == [(text, "interrupted")]
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)


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
    closing = asyncio.run_coroutine_threadsafe(services.generations.close(), loop.loop)
    wait_for(lambda: services.generations.closed)
    loop.run(asyncio.sleep(0.05))
    go_on.set()
    closing.result(10)
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
    wait_until_ended(answer, "done")
    assert answer.text
    assert answer.error is not None
    assert answer.error.sentence == sentence
    assert services.generations.find_generation(answer.id) is None


def test_a_model_that_was_only_loaded_has_written_nothing(
    fake: FakeOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = shapes.last_line
    monkeypatch.setattr(
        shapes, "last_line", lambda model, chat, *_, **__: last(model, chat, "load")
    )
    fake.tokens = []
    answer = ask()
    wait_until_ended(answer, "failed")
    assert type(answer.error) is errors.EmptyAnswer


def test_an_error_after_text_keeps_the_text_and_says_the_reason(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(error_line(3, "the runner fell over"))
    answer = ask()
    wait_until_ended(answer, "failed")
    assert answer.text == THREE
    assert answer.error and "the runner fell over" in answer.error.sentence
