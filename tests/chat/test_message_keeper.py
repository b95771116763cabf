"""An answer is kept however it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from chatbot import services
from chatbot.chat.conversation_content import Draft
from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import MessageKeeper
from chatbot.domain.generation_request import GenerationRequest
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.services import Services
from chatbot.settings import Settings
from tests.support.exchanges import Send, find_answer, list_path, wait_until_answered
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
    Fault,
    cut,
    model_missing,
    prose,
    stall,
)
from tests.support.generations import TWO
from tests.support.postgres import Postgres
from tests.support.product import LoopThread, wait_for


def test_a_prompt_and_its_answer_are_kept(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.set(tokens=["Good", " day"], prompt_tokens=7)
    exchange = send("Hello there")
    wait_until_answered(ready, exchange)
    question, kept = list_path(ready, exchange)
    assert (question.role, question.content) == ("user", "Hello there")
    assert (kept.role, kept.content, kept.state) == ("assistant", "Good day", "done")
    assert (kept.model, kept.error) == (DEFAULT_MODEL, "")
    assert (kept.statistics.input_tokens, kept.statistics.output_tokens) == (7, 2)
    assert kept.statistics.ttft_s > 0
    assert [one.title for one in ready.history.list_conversations("ann")] == ["Hello there"]


@pytest.mark.parametrize(
    ("fault", "sentence", "content"),
    [
        (
            model_missing(DEFAULT_MODEL),
            f"The model {DEFAULT_MODEL} is not installed. Pull it, or choose another.",
            "",
        ),
        (
            cut(2),
            "The answer broke off before its end. Ask again; what came so far is kept.",
            TWO,
        ),
    ],
)
def test_a_failed_answer_is_kept_with_its_sentence_and_the_prompt_is_not_lost(
    fake: FakeOllama, ready: Services, send: Send, fault: Fault, sentence: str, content: str
) -> None:
    fake.fail(fault)
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    question, kept = list_path(ready, exchange)
    assert question.content == "Hello"
    assert (kept.content, kept.state, kept.error) == (content, "failed", sentence)


def test_a_stopped_answer_is_kept_and_marked(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    wait_for(lambda: answer.text == TWO)
    ready.generations.stop(answer)
    wait_until_answered(ready, exchange)
    kept = list_path(ready, exchange)[-1]
    assert (kept.content, kept.state, kept.error) == (TWO, "stopped", "")


def test_an_answer_that_is_stopped_at_another_replica_ends_on_the_server(
    fake: FakeOllama, ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.chat.abandonment.SAVE_S", 0)
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    wait_for(lambda: list_path(ready, exchange)[-1].content == TWO)
    assert ready.history.stop_answer("ann", exchange.answer.id)
    assert answer.over.wait(10)
    assert (answer.state, list_path(ready, exchange)[-1].content) == ("stopped", TWO)
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)


def test_somebody_who_follows_at_another_replica_keeps_an_answer_alive(
    fake: FakeOllama, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.chat.abandonment.SAVE_S", 0)
    fake.fail(stall(2))
    draft = Draft("Hello")
    exchange = ready.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: False)
    answer = find_answer(ready, exchange)
    answer.watched_at -= 100
    wait_for(lambda: answer.saved_at > 0)
    assert ready.generations.find_left(ready.generations.running) is answer
    with pytest.raises(NotFound):
        ready.chat.follow_answer("eve", exchange.answer.id)
    assert ready.chat.follow_answer("ann", exchange.answer.id).state == "writing"
    wait_for(lambda: ready.generations.find_left(ready.generations.running) is None)
    assert answer.state == "writing"
    fake.resume()
    wait_until_answered(ready, exchange)
    assert ready.chat.follow_answer("ann", exchange.answer.id).state == "done"


def test_an_answer_cut_by_a_shutdown_is_kept_as_interrupted(
    fake: FakeOllama, ready: Services, send: Send, loop: LoopThread
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    wait_for(lambda: answer.text == TWO)
    loop.run(ready.generations.close())
    kept = list_path(ready, exchange)[-1]
    assert (kept.content, kept.state) == (TWO, "interrupted")


def test_an_answer_to_a_conversation_deleted_meanwhile_ends_quietly(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    ready.history.delete_conversation("ann", exchange.conversation.id)
    fake.resume()
    wait_until_answered(ready, exchange)
    assert (answer.state, answer.error) == ("done", None)
    assert ready.history.list_conversations("ann") == []


@pytest.fixture
def of_postgres(loop: LoopThread, settings: Settings, postgres_url: str) -> Iterator[Services]:
    """The services of a chat whose history is in PostgreSQL."""
    stack = contextlib.AsyncExitStack()
    shared = settings.model_copy(update={"database_url": SecretStr(postgres_url)})
    now = loop.run(stack.enter_async_context(services.running(shared)))
    loop.loop.call_soon_threadsafe(now.readiness.warm.set)
    wait_for(lambda: now.readiness.is_ready)
    yield now
    loop.run(stack.aclose())


def test_an_answer_that_ends_while_its_database_is_away_is_kept(
    fake: FakeOllama, of_postgres: Services, postgres: Postgres
) -> None:
    fake.fail(stall(2))
    draft = Draft("Hello")
    exchange = of_postgres.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
    answer = find_answer(of_postgres, exchange)
    postgres.stop()
    try:
        with pytest.raises(HistoryUnavailable):
            of_postgres.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
        fake.resume()
        wait_for(lambda: answer.state == "done")
        assert not answer.over.is_set()
    finally:
        postgres.start()
    assert answer.over.wait(30)
    assert answer.error is None
    kept = list_path(of_postgres, exchange)[-1]
    assert (kept.content, kept.state) == ("".join(prose(8)), "done")


def test_what_was_saved_is_right_whatever_comes_between_two_saves(
    ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", "m")
    generation = Generation(exchange.answer.id, GenerationRequest("m", []))
    keeper = MessageKeeper(ready.history, ready.generations, exchange.answer)

    def save(part: str) -> tuple[str, str]:
        generation.add_part(part)
        keeper.save(generation)
        kept = list_path(ready, exchange)[-1]
        return kept.thinking, kept.content

    assert save("So") == ("", "So")
    assert save(" be it") == ("", "So be it")
    assert save("\n</think>\n\nGood") == ("So be it", "Good")
    with monkeypatch.context() as broken:
        broken.setattr("chatbot.history.repository.History._writing", _no_space)
        with pytest.raises(HistoryUnavailable):
            save(" day")
    assert save("!") == ("So be it", "Good day!")


def test_an_answer_that_the_history_cannot_take_is_shown_with_the_reason(
    fake: FakeOllama, ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    monkeypatch.setattr("chatbot.history.repository.History._writing", _no_space)
    fake.resume()
    wait_until_answered(ready, exchange)
    assert answer.text
    assert answer.error is not None
    assert answer.error.sentence.startswith("The history's disk is full.")


def _no_space(_: object) -> None:
    raise HistoryUnavailable("history_disk_full")
