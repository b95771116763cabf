"""Trouble in a real browser: one sentence with the cure, and the prompt is never lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage, words
from tests.support.fake_ollama.server import DEFAULT_MODEL, OUT_OF_MEMORY, FakeOllama, Fault, cut
from tests.support.product import Served
from tests.support.shared_chat import MAX_ANSWERS

pytestmark = pytest.mark.browser

Visit = Callable[..., ChatPage]


def test_an_answer_waits_for_ollama_to_come_back(
    page: ChatPage, chat: Served, fake: FakeOllama
) -> None:
    fake.tokens = words(9)
    fake.stop()
    try:
        answer = page.ask("Are you there?")
        expect(answer).to_contain_text("Ollama does not answer. Waiting for it to come back")
    finally:
        fake.start()
        chat.wait_ready()
    expect(answer).to_contain_text("word8")
    expect(answer).to_have_attribute("data-state", "done")


def test_a_page_opened_without_ollama_says_so_until_it_is_back(
    page: ChatPage, chat: Served, fake: FakeOllama
) -> None:
    fake.stop()
    try:
        while (found := chat.readyz()) and found.is_success:
            pass
        page.reload()
        expect(page.alerts).to_contain_text("Start it with ollama serve;")
    finally:
        fake.start()
        chat.wait_ready()
    expect(page.alerts).to_have_count(0)


def test_out_of_memory_says_the_cure_and_keeps_the_prompt(page: ChatPage, fake: FakeOllama) -> None:
    fake.fail(OUT_OF_MEMORY)
    answer = page.ask("A heavy prompt")
    expect(answer).to_contain_text(f"There is not enough free memory for {DEFAULT_MODEL}.")
    expect(answer).to_contain_text("Choose a smaller model or lower the context window (Settings).")
    expect(page.messages.first).to_contain_text("A heavy prompt")
    page.button("Try again").click()
    expect(answer).to_have_attribute("data-state", "done")
    expect(page.alerts).to_have_count(0)


def test_an_answer_that_breaks_off_is_kept_and_had_again(page: ChatPage, fake: FakeOllama) -> None:
    fake.tokens = words(9)
    fake.fail(cut(3))
    answer = page.ask("Break off")
    expect(answer).to_contain_text("The answer broke off before its end.")
    expect(answer).to_contain_text("word2")
    page.reload()
    expect(answer).to_contain_text("word2")
    page.button("Try again").click()
    expect(answer).to_contain_text("word8")


def test_a_busy_chat_gives_the_prompt_back(visit: Visit, chat: Served, fake: FakeOllama) -> None:
    first, second = visit(chat.url), visit(chat.url)
    fake.set(tokens=words(400), tokens_per_second=20)
    first.ask("The first")
    second.input.fill("One too many")
    with _all_answers_taken(chat, fake):
        second.input.press("Enter")
        expect(second.alerts).to_contain_text("answers are under way, as many as this chat takes")
        expect(second.input).to_have_value("One too many")
    fake.set(tokens=words(3), tokens_per_second=0)
    second.input.press("Enter")
    expect(second.messages.last).to_contain_text("word2")
    expect(second.alerts).to_have_count(0)
    expect(second.input).to_have_value("")


def test_a_queue_is_shown_while_one_waits(visit: Visit, chat: Served, fake: FakeOllama) -> None:
    first, second = visit(chat.url), visit(chat.url)
    fake.set(slots=1, tokens=words(400), tokens_per_second=20)
    expect(first.ask("The first")).to_contain_text("word2")
    waiting = second.ask("The second")
    expect(waiting).to_contain_text("Queued, 1 answer before yours")
    first.stop_button.click()
    expect(waiting).to_contain_text("word2")


def test_a_prompt_beyond_the_context_window_comes_back(page: ChatPage, fake: FakeOllama) -> None:
    page.ask("A short one")
    page.idle()
    long = "long " * 5000  # more words than the window has tokens
    page.input.fill(long)
    page.input.press("Enter")
    expect(page.alerts).to_contain_text("Shorten it, or raise the context window (Settings).")
    expect(page.input).to_have_value(long)
    page.input.fill("Short again")
    page.input.press("Enter")
    expect(page.messages.last).to_have_attribute("data-state", "done")
    expect(page.messages).to_have_count(4)
    expect(page.alerts).to_have_count(0)


def test_the_page_says_when_the_model_no_longer_sees_the_beginning(
    page: ChatPage, fake: FakeOllama
) -> None:
    for start in ("First", "Second"):
        page.ask(f"{start} {'word ' * 1800}")
        page.idle()
    expect(page.messages.last).to_contain_text("The first 2 messages no longer fit")
    assert [one["role"] for one in fake.bodies()[-1]["messages"]] == ["system", "user"]


def test_a_locked_history_gives_the_prompt_back(page: ChatPage, chat: Served) -> None:
    with sqlite3.connect(chat.data_dir / "chat.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        page.input.fill("Keep me")
        page.input.press("Enter")
        expect(page.alerts).to_contain_text("The history is busy")
        other.execute("ROLLBACK")
    other.close()
    expect(page.input).to_have_value("Keep me")
    page.input.press("Enter")
    expect(page.messages.last).to_have_attribute("data-state", "done")


@contextmanager
def _all_answers_taken(chat: Served, fake: FakeOllama) -> Iterator[None]:
    """Programs take what one visitor leaves of MAX_ANSWERS; they go away at the end."""

    def ask() -> None:
        body = {"prompt": "Hello", "stream": True}
        with httpx.stream("POST", f"{chat.url}/generate_text", json=body):
            gone.wait()

    gone = threading.Event()
    with ThreadPoolExecutor() as threads:
        for _ in range(MAX_ANSWERS - 1):
            threads.submit(ask)
        try:
            fake.wait_for(lambda now: now.active == MAX_ANSWERS)
            yield
        finally:
            gone.set()
    fake.wait_for(lambda now: now.active == 1)


def test_an_error_is_told_in_the_language_of_the_browser_and_what_it_quotes_is_no_markdown(
    visit: Visit, chat: Served, fake: FakeOllama
) -> None:
    page = visit(chat.url, locale="de-AT")
    fake.fail(Fault("status", status=500, error="![pixel](http://192.0.2.1/p.png) **broke**"))
    answer = page.ask("Was nun?")
    expect(answer).to_contain_text("Ollama konnte nicht antworten. Versuchen Sie es noch einmal.")
    expect(answer).to_contain_text("**broke**")
    expect(answer.locator("img")).to_have_count(0)
