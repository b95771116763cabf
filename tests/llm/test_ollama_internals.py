"""What the chat changes in the ollama package: replies as they stand, nothing cut silently."""

from __future__ import annotations

from typing import Any

import httpx
import ollama
import pytest

from chatbot.llm.ollama_internals import LenientClient, UncutClient
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, Fault
from tests.support.product import LoopThread

pytestmark = pytest.mark.contract


async def _fetch(fake: FakeOllama, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    async with LenientClient(fake.url) as client:
        reply: httpx.Response = await client.fetch(path, body)
        return reply


def test_a_reply_comes_with_the_fields_that_ollama_gave_it(
    fake: FakeOllama, loop: LoopThread
) -> None:
    fake.fields = {("/api/tags", DEFAULT_MODEL): {"size": "unknown", "details": None}}
    reply = loop.run(_fetch(fake, "/api/tags"))
    assert reply.json()["models"][0]["size"] == "unknown"


def test_a_body_is_posted(fake: FakeOllama, loop: LoopThread) -> None:
    loop.run(_fetch(fake, "/api/show", {"model": DEFAULT_MODEL}))
    (request,) = fake.requests
    assert (request.method, request.json) == ("POST", {"model": DEFAULT_MODEL})


def test_what_goes_wrong_is_raised_as_the_package_does(fake: FakeOllama, loop: LoopThread) -> None:
    fake.fail(Fault("status", status=418, error="a teapot"), path="/api/tags")
    with pytest.raises(ollama.ResponseError, match="a teapot"):
        loop.run(_fetch(fake, "/api/tags"))
    fake.stop()
    with pytest.raises(ConnectionError):
        loop.run(_fetch(fake, "/api/tags"))


@pytest.mark.parametrize("stream", [False, True])
def test_what_does_not_fit_is_to_be_refused(
    fake: FakeOllama, loop: LoopThread, stream: bool
) -> None:
    async def chat() -> Any:
        messages = [ollama.Message(role="user", content="Hello")]
        async with UncutClient(fake.url) as client:
            answer: Any = await client.chat(DEFAULT_MODEL, messages, stream=stream)
            return [part async for part in answer] if stream else answer

    assert loop.run(chat())
    (body,) = fake.bodies()
    assert (body["truncate"], body["shift"]) == (False, False)
    assert (body["model"], body["messages"][0]["content"]) == (DEFAULT_MODEL, "Hello")
