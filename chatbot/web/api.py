"""The routes beside the page: POST /generate_text, GET /livez, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatbot import errors, metrics
from chatbot.chat.generation import Generation
from chatbot.chat.service import ChatService, check_prompt
from chatbot.notices import Notice
from chatbot.services import Services, current
from chatbot.settings import Settings

log = logging.getLogger("chatbot.web.api")

_BYTES = 12  # of one character at most: two escapes such as \ud83d
_STREAM_S = 0.05  # tokens that come within this time share a line


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def livez(request: Request) -> Response:
    """200 while the process serves at all."""
    return _json({"status": "alive"})


async def readyz(services: Services, request: Request) -> Response:
    """200 when a prompt sent now is answered, else 503; the JSON says which step it is at.

    "progressing": it gets ready by itself, if it is given the time.
    """
    draining, step = services.chat.is_draining, services.readiness
    ready = step.ready and not draining
    body: dict[str, Any] = {
        "ready": ready,
        "progressing": step.progressing and not draining,
        "step": "draining" if draining else step.step,
        "text": str(Notice("stopping") if draining else step.notice),
        "model": services.settings.chat_model,
    }
    if step.pull is not None and not ready:
        body["pull"] = {"completed": step.pull.completed, "total": step.pull.total}
    return _json(body, 200 if ready else 503)


async def prometheus(request: Request) -> Response:
    """The metrics of this process."""
    return Response(metrics.render_metrics(), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True)
class Ask:
    """The body of POST /generate_text."""

    prompt: str
    model: str
    stream: bool


async def generate_text(services: Services, request: Request) -> Response:
    """Answers `{"prompt": …, "model": …, "stream": …}`, whole or as NDJSON lines.

    Whole: `{"response", "model", "usage"}`. Streamed: lines of `{"response", "done": false}`, then
    one with `"done": true`, model and usage. Thinking is left out; a line with `"reset": true` says
    that all before it was. With API_KEY, or a login, it needs `Authorization: Bearer API_KEY`.
    Errors: `{"error", "code", "arguments"}` with their status; in a stream that has begun, as its
    last line.
    """
    try:
        _admit(services.settings, request)
        ask = await _read(services.settings, request)
        generation = services.chat.answer_once(ask.prompt, ask.model)
        waiting = _first_text(generation) if ask.stream else generation.finished.wait()
        await _unless_gone(services.chat, request, generation, waiting)
    except errors.ChatError as error:
        return _error(error)
    except ClientDisconnect:
        return Response(status_code=499)
    trouble = _trouble(generation)
    if trouble and not (ask.stream and generation.text):
        return _error(trouble)
    if ask.stream:
        return StreamingResponse(
            _lines(services.chat, generation), media_type="application/x-ndjson"
        )
    return _json({"response": generation.text, **_facts(generation)})


def _admit(settings: Settings, request: Request) -> None:
    """Raises Unauthorized unless the request has the key, where one is needed."""
    wanted = settings.api_key.get_secret_value()
    if not wanted and not settings.login:
        return
    if not wanted:
        raise errors.Unauthorized("api_key_not_set")
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(key.strip().encode("latin-1"), wanted.encode())
    if scheme.lower() != "bearer" or not same:
        raise errors.Unauthorized()


async def _read(settings: Settings, request: Request) -> Ask:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise errors.UnsupportedMediaType()
    try:
        body = orjson.loads(await _bounded(request, _BYTES * settings.max_prompt_chars + 4096))
    except orjson.JSONDecodeError:
        raise errors.BadRequest() from None
    if not isinstance(body, dict) or "prompt" not in body:
        raise errors.BadRequest("prompt_not_given")
    prompt, model = body["prompt"], body.get("model", settings.chat_model)
    stream = body.get("stream", False)
    if not isinstance(prompt, str):
        raise errors.BadRequest("prompt_not_text")
    if not isinstance(model, str) or not model or not isinstance(stream, bool):
        raise errors.BadRequest("options_not_valid")
    check_prompt(prompt, settings)
    return Ask(prompt, model, stream)


async def _bounded(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise errors.PromptTooLong("body_too_long", most=limit)
    return bytes(body)


def _error(error: errors.ChatError) -> Response:
    response = _json(error.as_json(), error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _trouble(generation: Generation) -> errors.ChatError | None:
    if generation.error or generation.ending in (None, "done"):
        return generation.error
    return errors.Draining("answer_cut")


async def _unless_gone(
    chat: ChatService,
    request: Request,
    generation: Generation,
    waiting: Coroutine[Any, Any, object],
) -> None:
    """Waits; raises ClientDisconnect and stops the answer when the client leaves before."""
    wait = asyncio.ensure_future(waiting)
    gone = asyncio.ensure_future(_gone(request))
    try:
        done, _ = await asyncio.wait({wait, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        wait.cancel()
        gone.cancel()
    if wait not in done:
        chat.stop_generation(generation)
        raise ClientDisconnect


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _first_text(generation: Generation) -> None:
    while generation.first_text_at is None and not generation.finished.is_set():
        await asyncio.sleep(0.01)


async def _lines(chat: ChatService, generation: Generation) -> AsyncIterator[bytes]:
    sent, moved = 0, False
    try:
        while True:
            over, text = generation.finished.is_set(), generation.text
            if generation.moved and not moved:
                moved = True
                if sent:
                    yield orjson.dumps({"response": "", "reset": True, "done": False}) + b"\n"
                    sent = 0
            if len(text) > sent:
                yield orjson.dumps({"response": text[sent:], "done": False}) + b"\n"
                sent = len(text)
            if over:
                break
            await asyncio.sleep(_STREAM_S)
        yield orjson.dumps(_last(generation)) + b"\n"
    finally:
        chat.stop_generation(generation)


def _last(generation: Generation) -> dict[str, Any]:
    if trouble := _trouble(generation):
        return {**trouble.as_json(), "done": True}
    return {"response": "", "done": True, **_facts(generation)}


def _facts(generation: Generation) -> dict[str, Any]:
    stats = generation.stats
    return {
        "model": generation.model,
        "usage": {
            "prompt_tokens": stats.input_tokens if stats else 0,
            "completion_tokens": stats.output_tokens if stats else 0,
            "total_tokens": stats.input_tokens + stats.output_tokens if stats else 0,
            "ttft_s": generation.ttft_s,
            "queue_s": generation.queued_s,
            "load_s": stats.load_s if stats else None,
        },
    }


def _with_services(
    route: Callable[[Services, Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Hand a route the parts of the chat that runs when the request comes."""

    async def answer_request(request: Request) -> Response:
        return await route(current(), request)

    return answer_request


ROUTES = [
    Route("/livez", livez),
    Route("/readyz", _with_services(readyz)),
    Route("/metrics", prometheus),
    Route("/generate_text", _with_services(generate_text), methods=["POST"]),
]
