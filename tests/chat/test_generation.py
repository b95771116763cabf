"""One answer: its text and thinking as they come, whoever reads them."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot import errors, metrics
from chatbot.chat.generation import Generation
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.parameters import Parameters
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
    cut,
    prose,
    stall,
)
from tests.support.generations import TWO, Ask, wait_until_ended
from tests.support.product import LoopThread, wait_for


def test_the_first_text_is_told_before_the_end(fake: FakeOllama, ask: Ask) -> None:
    fake.fail(stall(2))
    answer = ask()
    assert answer.begun.wait(10)
    wait_for(lambda: answer.text == TWO)
    assert not answer.over.is_set()
    fake.resume()
    wait_until_ended(answer, "done")


async def _read_as_it_comes(answer: Generation) -> list[str]:
    texts = [answer.text]
    while not answer.finished.is_set():
        assert await answer.wait_for_change(10)
        texts.append(answer.text)
    return texts


def test_a_coroutine_learns_at_once_what_comes_and_the_end(
    fake: FakeOllama, ask: Ask, loop: LoopThread
) -> None:
    fake.fail(stall(2))
    answer = ask()
    reading = asyncio.run_coroutine_threadsafe(_read_as_it_comes(answer), loop.loop)
    wait_for(lambda: answer.text == TWO)
    assert not reading.done()
    fake.resume()
    texts = reading.result(10)
    assert TWO in texts
    assert texts[-1] == answer.text != TWO


def test_a_coroutine_waits_no_longer_than_it_wants(
    fake: FakeOllama, ask: Ask, loop: LoopThread
) -> None:
    fake.fail(stall(0))
    answer = ask()
    assert not loop.run(answer.wait_for_change(0.01))
    fake.resume()
    wait_until_ended(answer, "done")


def test_who_watches_counts_until_they_leave() -> None:
    answer = Generation("id", GenerationRequest("model", []), watchers=[lambda: False])
    assert not answer.is_watched
    is_allowed = True
    with answer.watch(lambda: is_allowed):
        assert answer.is_watched
        is_allowed = False
        assert not answer.is_watched
        is_allowed = True
    assert not answer.is_watched


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
    wait_until_ended(answer, "done")
    assert answer.text == "Four."


def test_what_was_held_back_as_the_beginning_of_a_tag_is_kept(fake: FakeOllama, ask: Ask) -> None:
    fake.tokens = ["<", "thi", "nk>"]
    fake.fail(cut(2))
    answer = ask()
    wait_until_ended(answer, "failed")
    assert answer.text == "<thi"


@pytest.mark.parametrize("tokens", [[], [" ", "\n"], ["<think>", "Well", "</think>", "\n"]])
def test_an_answer_without_text_is_none(fake: FakeOllama, ask: Ask, tokens: list[str]) -> None:
    fake.tokens = tokens
    answer = ask()
    wait_until_ended(answer, "failed")
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
    wait_until_ended(answer, "failed")
    assert answer.error and "Raise the longest answer" in answer.error.sentence
    assert answer.thinking == "".join(prose(7))
