"""What the chat does to aiohttp's connections: it sees a request leave, and lets a socket rest."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from chatbot.llm import aiohttp_internals
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.product import LoopThread

pytestmark = pytest.mark.contract

BODY = {"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": "Hello"}]}


def test_a_request_that_has_left_is_told_before_its_answer(
    fake: FakeOllama, loop: LoopThread
) -> None:
    told: list[int] = []

    async def ask() -> None:
        async with (
            aiohttp_internals.open_session(lambda: told.append(len(fake.requests))) as session,
            session.post(f"{fake.url}/api/chat", json=BODY) as response,
        ):
            assert response.ok

    loop.run(ask())
    assert told == [0]


def test_a_responses_socket_rests_and_goes_on(fake: FakeOllama, loop: LoopThread) -> None:
    fake.fail(stall(after=1))

    async def ask() -> bytes:
        async with (
            aiohttp_internals.open_session(lambda: None) as session,
            session.post(f"{fake.url}/api/chat", json=BODY) as response,
        ):
            transport = _transport(response)
            assert transport.is_reading()
            aiohttp_internals.pause_reading(0.01)
            assert not transport.is_reading()
            aiohttp_internals.pause_reading(0.01)  # it rests already
            fake.resume()
            return await response.read()

    assert loop.run(ask()).count(b"\n") == 9


def test_without_a_response_nothing_rests(loop: LoopThread) -> None:
    async def pause() -> None:
        aiohttp_internals.pause_reading(0.01)

    loop.run(pause())


def _transport(response: aiohttp.ClientResponse) -> asyncio.Transport:
    assert response.connection and response.connection.transport
    return response.connection.transport
