"""An answer is kept however it ends."""

from __future__ import annotations

import pytest

from chatbot.chat.conversation_content import Draft
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.services import Services
from tests.support.exchanges import Send, find_answer, list_path, wait_until_answered
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
    Fault,
    cut,
    model_missing,
    stall,
)
from tests.support.generations import TWO
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


@pytest.mark.configured(drain_timeout=0.1)
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
    loop.run(ready.generations.drain())
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
