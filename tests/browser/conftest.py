"""A real Chromium, and one running chat that the flows share; each test is another visitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support.chat_page import ChatPage
from tests.support.chromium import PATIENCE_MS
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served
from tests.support.shared_chat import MAX_ANSWERS, MODELS

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeOllama]:
    """The fake Ollama behind the shared chat; tests take it as `fake`."""
    with FakeOllama(models=MODELS) as server:
        yield server


@pytest.fixture(scope="session")
def chat(shared_fake: FakeOllama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The running chat that the flows share."""
    folder = tmp_path_factory.mktemp("chat") / "data"
    impatient = f"sqlite:///{folder}/chat.db?timeout=0.5"
    # What one test leaves unfinished must not take an answer from the next.
    limits: dict[str, Any] = {"max_answers": MAX_ANSWERS, "abandoned_after": 0}
    with Served(shared_fake.url, folder, database_url=impatient, **limits) as served:
        yield served


@pytest.fixture
def fake(shared_fake: FakeOllama, chat: Served) -> Iterator[FakeOllama]:
    """The fake Ollama behind the shared chat, with the knobs and records of a new one."""
    yield shared_fake
    shared_fake.resume()
    pulled = any(one.path == "/api/pull" for one in shared_fake.requests)
    was = shared_fake.models
    vars(shared_fake).update(knobs(models=MODELS))
    if was != MODELS or pulled:  # the chat asks every two seconds
        shared_fake.wait_for(lambda now: any(one.path == "/api/tags" for one in now.requests))


def knobs(**changed: Any) -> dict[str, Any]:
    """What a new fake Ollama begins with, its locks left out."""
    kept = ("active", "waiting", "port")
    return {
        name: value
        for name, value in vars(FakeOllama(**changed)).items()
        if name not in kept and (not name.startswith("_") or name == "_faults")
    }


@pytest.fixture
def visit(chromium: Browser, serve: object) -> Iterator[Callable[..., ChatPage]]:
    """Opens the page as a new visitor: `visit(url, path)`; with `like=page`, in his second tab.

    At the end no tab may have seen an error in its console or asked another host.
    """
    contexts: list[BrowserContext] = []
    tabs: list[ChatPage] = []

    def open_tab(url: str, path: str = "/", like: ChatPage | None = None, **how: Any) -> ChatPage:
        if like is None:
            contexts.append(chromium.new_context(**how))
            contexts[-1].set_default_timeout(PATIENCE_MS)
        context = contexts[-1] if like is None else like.page.context
        tab = ChatPage(context.new_page(), url)
        tabs.append(tab)
        tab.open(path)
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert [one for tab in tabs for one in tab.complaints] == []


@pytest.fixture
def page(visit: Callable[..., ChatPage], chat: Served, fake: FakeOllama) -> ChatPage:
    """The shared chat's page, opened by a new visitor."""
    return visit(chat.url)
