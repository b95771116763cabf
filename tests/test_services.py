"""The parts of one running chat: there while it runs, and ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot import services
from chatbot.chat.generation import Generation
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.history import HistoryUnavailable
from chatbot.settings import Settings
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.product import LoopThread, wait_for


def test_the_services_are_those_of_the_running_chat(loop: LoopThread, settings: Settings) -> None:
    async def inside() -> bool:
        async with services.running(settings) as now:
            return services.current() is now and now.settings is settings

    assert loop.run(inside())


def test_the_end_of_the_chat_ends_its_answers_and_pulls(
    fake: FakeOllama, loop: LoopThread, settings: Settings
) -> None:
    fake.fail(stall(1))
    fake.fail(stall(3), path="/api/pull")
    stack = contextlib.AsyncExitStack()
    now = loop.run(stack.enter_async_context(services.running(settings)))
    request = GenerationRequest(DEFAULT_MODEL, [ChatMessage("user", "Hi")])
    answer = now.generations.start(Generation(secrets.token_hex(4), request))
    pull = now.models.pulls.start_pull("ann", "big:1b")
    wait_for(lambda: answer.text and pull.total)
    loop.run(stack.aclose())
    assert (answer.state, pull.is_done) == ("interrupted", True)
    fake.wait_for(lambda one: one.active == 0)
    assert len(asyncio.all_tasks(loop.loop)) == 0


def test_what_was_deleted_is_purged_by_itself(
    loop: LoopThread, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.services.PURGE_EVERY_S", 0.01)
    monkeypatch.setattr("chatbot.history.collection.UNDO", 0.1)

    async def inside() -> None:
        async with services.running(settings) as now:
            exchange = now.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
            now.history.delete_conversation("ann", exchange.conversation.id)
            while now.history.save_answer(exchange.answer.id, content=""):
                await asyncio.sleep(0.01)

    loop.run(inside())


def test_a_database_that_starts_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = ["database_unreachable", "database_unreachable", "history_damaged"]

    def fail(_url: str) -> None:
        raise HistoryUnavailable(codes.pop(0))

    monkeypatch.setattr("chatbot.services.History", fail)
    monkeypatch.setattr("chatbot.services._DATABASE_PAUSE_S", 0)
    with pytest.raises(HistoryUnavailable) as raised:
        services.try_database("postgresql://chat@db/chat")
    assert (raised.value.code, codes) == ("history_damaged", [])


@pytest.mark.configured(retention_days=1)
def test_what_is_too_old_is_deleted_by_itself(
    loop: LoopThread, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.services.RETAIN_EVERY_S", 0.01)

    async def inside() -> None:
        async with services.running(settings) as now:
            for days_ago in (0, 2):
                at = time.time() - days_ago * 24 * 3600
                with monkeypatch.context() as earlier:
                    earlier.setattr("chatbot.domain.messages.time.time", lambda at=at: at)
                    now.history.store_prompt("ann", None, f"{days_ago} days ago", DEFAULT_MODEL)
            while len(kept := now.history.list_conversations("ann")) > 1:
                await asyncio.sleep(0.01)
            assert [conversation.title for conversation in kept] == ["0 days ago"]

    loop.run(inside())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "sqlite:////srv/chat/chat.db"),
        ("postgresql://chat@db/chat", "postgresql://chat@db/chat"),
    ],
)
def test_without_a_database_url_the_history_is_in_the_data_dir(url: str, expected: str) -> None:
    settings = Settings(data_dir=Path("/srv/chat"), database_url=SecretStr(url))
    assert services.database_url(settings) == expected
