"""The routes of the transcript: a conversation's messages, an answer's events, and its end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatbot import errors
from chatbot.chat.generation import Generation
from chatbot.i18n.translator import choose_translator
from chatbot.services import Services, current
from chatbot.web.api_models import Failure
from chatbot.web.claims import find_user_id
from chatbot.web.generation_events import AnswerEvents, Made, Stored
from chatbot.web.transcript_view import Reader, view_conversation

_NOT_KEPT = {"Cache-Control": "no-store"}
# nginx would gather events until its buffer is full.
_STREAMED = {**_NOT_KEPT, "X-Accel-Buffering": "no"}


def _answer_request(
    route: Callable[[Services, Request, Reader], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer an error as JSON, with its sentence in the reader's language."""

    @functools.wraps(route)
    async def answer(request: Request) -> Response:
        reader = _read_reader(request)
        try:
            return await route(current(), request, reader)
        except errors.ChatError as error:
            body = {**error.as_json(), "error": reader.translator.describe(error)}
            failure = Failure.model_validate(body).model_dump_json()
            return Response(failure, error.status, _NOT_KEPT, "application/json")

    return answer


def _read_reader(request: Request) -> Reader:
    translator = choose_translator(request.headers.get("accept-language", ""))
    return Reader(translator, request.query_params.get("visitor", ""))


@_answer_request
async def list_messages(services: Services, request: Request, reader: Reader) -> Response:
    """Answer with what a conversation shows; raises NotFound."""
    user_id = find_user_id(services, request)
    conversation_id = request.path_params["conversation_id"]
    body = await asyncio.to_thread(_make_transcript, services, user_id, conversation_id, reader)
    return Response(body, headers=_NOT_KEPT, media_type="application/json")


def _make_transcript(services: Services, user_id: str, conversation_id: str, reader: Reader) -> str:
    opened = services.chat.open_conversation(user_id, conversation_id)
    return view_conversation(services, opened, reader).model_dump_json()


@_answer_request
async def stream_events(services: Services, request: Request, reader: Reader) -> Response:
    """Answer with what comes of an answer, as server-sent events; raises NotFound."""
    user_id, message_id = find_user_id(services, request), request.path_params["message_id"]
    last_id = request.headers.get("last-event-id") or request.query_params.get("last", "")
    if (generation := services.chat.find_answer(user_id, message_id)) is not None:
        events = _follow_generation(services, generation, reader, last_id)
    else:
        exchange = await asyncio.to_thread(services.chat.find_exchange, user_id, message_id)
        events = AnswerEvents(services, Stored(services, exchange), reader, last_id).stream()
    return StreamingResponse(events, headers=_STREAMED, media_type="text/event-stream")


async def _follow_generation(
    services: Services, generation: Generation, reader: Reader, last_id: str
) -> AsyncIterator[bytes]:
    """Yield an answer's events; who takes them counts as one who waits for it."""
    assert generation.exchange is not None  # it has an owner
    source = Made(services, generation, generation.exchange)
    with generation.watch():
        async for events in AnswerEvents(services, source, reader, last_id).stream():
            yield events


@_answer_request
async def stop_answer(services: Services, request: Request, reader: Reader) -> Response:
    """End an answer, whichever process writes it; raises Forbidden and NotFound."""
    _check_origin(request)
    user_id, message_id = find_user_id(services, request), request.path_params["message_id"]
    await asyncio.to_thread(services.chat.stop_answer, user_id, message_id)
    return Response(status_code=204)


def _check_origin(request: Request) -> None:
    """Raise ForeignOrigin for a request that another site's page makes a browser send.

    A browser's own word counts first: a proxy may give the chat another Host than the page has.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    is_own = site == "same-origin" if site else urlsplit(origin).netloc == request.headers["host"]
    if origin and not is_own:
        raise errors.ForeignOrigin()


ROUTES = [
    Route("/conversations/{conversation_id}/messages", list_messages),
    Route("/generations/{message_id}/events", stream_events),
    Route("/generations/{message_id}/stop", stop_answer, methods=["POST"]),
]
