"""The page in a real browser before a real Ollama with the embedded model."""

from __future__ import annotations

import re
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import expect

from tests.support.chat_page import ChatPage
from tests.support.product import RealOllama, Served, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.ollama]


@pytest.fixture
def page(
    visit: Callable[..., ChatPage], serve: Callable[..., Served], real_ollama: RealOllama
) -> ChatPage:
    """The page of a chat that a real Ollama answers."""
    return visit(serve(real_ollama.url).url)


def test_the_embedded_model_answers_and_stop_ends_its_work(
    page: ChatPage, real_ollama: RealOllama
) -> None:
    answer = page.ask("Hello!")
    expect(answer).to_have_attribute("data-state", "done", timeout=60_000)
    answer = page.ask("Write a very long story about a fox, with many chapters.")
    expect(answer.locator("p").first).to_contain_text(re.compile(".{20}"))
    page.stop_button.click()
    wait_for(lambda: _runner_is_idle(real_ollama), 60)
    expect(answer).to_contain_text("Stopped")
    page.reload()
    expect(page.messages).to_have_count(4)
    expect(answer).to_contain_text("Stopped")


def _runner_is_idle(server: RealOllama) -> bool:
    """Whether the processes that evaluate take no CPU for a moment."""
    runners = psutil.Process(server.process.pid).children(recursive=True)
    for runner in runners:
        runner.cpu_percent()
    return bool(runners) and all(one.cpu_percent(0.3) < 20 for one in runners)
