"""The routes for programs: POST /generate_text, GET /livez, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatbot import errors, metrics
from chatbot.chat.generation import Generation
from chatbot.chat.service import ChatService, check_prompt
from chatbot.chat.shares import retry_headers
from chatbot.identity.addresses import name_address
from chatbot.notices import Notice
from chatbot.services import Services, current
from chatbot.settings import Settings
from chatbot.web.api_models import GenerationBody, read_body
from chatbot.web.claims import find_host

log = logging.getLogger("chatbot.web.api")

_BYTES_A_CHARACTER = 12  # at most: two escapes such as \ud83d
_BYTES_AROUND = 4096  # the rest of a body
_LINE_EVERY_S = 0.05  # tokens that come within this time share a line


def _json_response(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def livez(request: Request) -> Response:
    """Answer 200 while the process serves at all."""
    return _json_response({"status": "alive"})


async def readyz(services: Services, request: Request) -> Response:
    """Answer 200 when a prompt sent now is answered, else 503; see api_models.ReadinessState."""
    is_draining, readiness = services.chat.is_draining, services.readiness
    is_ready = readiness.is_ready and not is_draining
    body: dict[str, Any] = {
        "ready": is_ready,
        "progressing": readiness.is_progressing and not is_draining,
        "step": "draining" if is_draining else readiness.step,
        "text": str(Notice("stopping") if is_draining else readiness.notice),
        "model": services.settings.chat_model,
    }
    if readiness.pull is not None and not is_ready:
        pull = readiness.pull
        body["pull"] = {"completed": pull.completed, "total": pull.total}
    return _json_response(body, 200 if is_ready else 503)


async def export_metrics(services: Services, request: Request) -> Response:
    """Answer with the metrics of this process, for Prometheus."""
    return Response(metrics.render_metrics(), media_type=CONTENT_TYPE_LATEST)


async def generate_text(services: Services, request: Request) -> Response:
    """Answer a prompt, whole or as NDJSON lines; api_models has the bodies.

    With API_KEY, or a login, it needs `Authorization: Bearer API_KEY`. An error has its own status;
    in a stream that has begun, it is the last line.
    """
    settings, chat = services.settings, services.chat
    try:
        has_key = _check_key(settings, request)
        body = await _read_request(settings, request)
        address = "" if has_key else name_address(find_host(request))
        generation = chat.answer_once(body.prompt, body.model or settings.chat_model, address)
        is_due = generation.has_text if body.stream else generation.finished
        await _wait_unless_gone(chat, request, generation, is_due)
    except errors.ChatError as error:
        return _error_response(error)
    except ClientDisconnect:
        return Response(status_code=499)
    failure = _failure_of(generation)
    if failure and not (body.stream and generation.text):
        return _error_response(failure)
    if body.stream:
        lines = _stream_lines(chat, generation)
        return StreamingResponse(lines, media_type="application/x-ndjson")
    return _json_response({"response": generation.text, **_describe_result(generation)})


def _check_key(settings: Settings, request: Request) -> bool:
    """Return whether the request has the key; raises Unauthorized where one is needed."""
    api_key = settings.api_key.get_secret_value()
    if not api_key and not settings.login:
        return False
    if not api_key:
        raise errors.Unauthorized("api_key_not_set")
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    is_same = hmac.compare_digest(key.strip().encode("latin-1"), api_key.encode())
    if scheme.lower() != "bearer" or not is_same:
        raise errors.Unauthorized()
    return True


async def _read_request(settings: Settings, request: Request) -> GenerationBody:
    """Return the body. Raises BadRequest, UnsupportedMediaType or PromptTooLong."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise errors.UnsupportedMediaType()
    body = read_body(await _receive_body(request, find_body_limit(settings)))
    check_prompt(body.prompt, settings)
    return body


def find_body_limit(settings: Settings) -> int:
    """Return the largest body that POST /generate_text takes, in bytes."""
    return _BYTES_A_CHARACTER * settings.max_prompt_chars + _BYTES_AROUND


async def _receive_body(request: Request, limit: int) -> bytes:
    """Return what the client sends. Raises PromptTooLong beyond `limit` bytes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise errors.PromptTooLong("body_too_long", most=limit)
    return bytes(body)


def _error_response(error: errors.ChatError) -> Response:
    response = _json_response(error.as_json(), error.status)
    response.headers.update(retry_headers(error))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _failure_of(generation: Generation) -> errors.ChatError | None:
    if generation.error or generation.ending in (None, "done"):
        return generation.error
    return errors.Draining("answer_cut")


async def _wait_unless_gone(
    chat: ChatService, request: Request, generation: Generation, is_due: asyncio.Event
) -> None:
    """Wait until it is due. Raises ClientDisconnect, and stops it, when the client leaves first."""
    due = asyncio.ensure_future(is_due.wait())
    gone = asyncio.ensure_future(_wait_until_gone(request))
    try:
        done, _ = await asyncio.wait({due, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        due.cancel()
        gone.cancel()
    if due not in done:
        chat.stop_generation(generation)
        raise ClientDisconnect


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _stream_lines(chat: ChatService, generation: Generation) -> AsyncIterator[bytes]:
    """Stream the text as it grows, a line for what came since the last one."""
    sent, moved = 0, False
    try:
        while True:
            is_over, text = generation.finished.is_set(), generation.text
            if generation.moved and not moved:
                moved = True
                if sent:
                    yield orjson.dumps({"response": "", "reset": True, "done": False}) + b"\n"
                    sent = 0
            if len(text) > sent:
                yield orjson.dumps({"response": text[sent:], "done": False}) + b"\n"
                sent = len(text)
            if is_over:
                break
            await asyncio.sleep(_LINE_EVERY_S)
        yield orjson.dumps(_last_line(generation)) + b"\n"
    finally:
        chat.stop_generation(generation)


def _last_line(generation: Generation) -> dict[str, Any]:
    if failure := _failure_of(generation):
        return {**failure.as_json(), "done": True}
    return {"response": "", "done": True, **_describe_result(generation)}


def _describe_result(generation: Generation) -> dict[str, Any]:
    statistics = generation.statistics
    return {
        "model": generation.model,
        "usage": {
            "prompt_tokens": statistics.input_tokens if statistics else 0,
            "completion_tokens": statistics.output_tokens if statistics else 0,
            "total_tokens": statistics.input_tokens + statistics.output_tokens if statistics else 0,
            "ttft_s": generation.ttft_s,
            "queue_s": generation.queued_s,
            "load_s": statistics.load_s if statistics else None,
        },
    }


def with_services(
    route: Callable[[Services, Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Hand a route the parts of the chat that runs when the request comes."""

    async def answer_request(request: Request) -> Response:
        return await route(current(), request)

    return answer_request


ROUTES = [
    Route("/livez", livez),
    Route("/readyz", with_services(readyz)),
    Route("/metrics", with_services(export_metrics)),
    Route("/generate_text", with_services(generate_text), methods=["POST"]),
]
