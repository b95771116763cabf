"""The routes of the transcript: a conversation's messages, an answer's events, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot import errors
from chatbot.chat.generation import Generation
from chatbot.chat.shares import retry_headers
from chatbot.i18n.translator import choose_translator
from chatbot.services import Services
from chatbot.web.api import with_services
from chatbot.web.api_models import Failure
from chatbot.web.claims import find_user, find_user_id
from chatbot.web.event_response import EventResponse
from chatbot.web.generation_events import AnswerEvents, Made, Stored
from chatbot.web.transcript_view import Reader, view_conversation

_NOT_KEPT = {"Cache-Control": "no-store"}
_GZIP_LEVEL = 4  # a tenth of the time of the usual one, for a tenth more bytes


def _answer_request(
    route: Callable[[Services, Request, Reader], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer an error as JSON, with its sentence in the reader's language."""

    async def answer(services: Services, request: Request) -> Response:
        reader = _read_reader(request)
        try:
            return await route(services, request, reader)
        except errors.ChatError as error:
            body = {**error.as_json(), "error": reader.translator.describe(error)}
            failure = Failure.model_validate(body).model_dump_json()
            headers = {**_NOT_KEPT, **retry_headers(error)}
            return Response(failure, error.status, headers, "application/json")

    return with_services(answer)


def _read_reader(request: Request) -> Reader:
    translator = choose_translator(request.headers.get("accept-language", ""))
    return Reader(translator, request.query_params.get("visitor", ""))


@_answer_request
async def list_messages(services: Services, request: Request, reader: Reader) -> Response:
    """Answer with what a conversation shows; raises NotFound."""
    user_id = find_user_id(services, request)
    reader = replace(reader, user_id=user_id)
    conversation_id = request.path_params["conversation_id"]
    takes_gzip = _takes_gzip(request)

    def make_body() -> bytes:
        opened = services.chat.open_conversation(user_id, conversation_id)
        body = view_conversation(services, opened, reader).model_dump_json().encode()
        return gzip.compress(body, _GZIP_LEVEL) if takes_gzip else body

    coding = {"Content-Encoding": "gzip"} if takes_gzip else {}
    headers = {**_NOT_KEPT, "Vary": "Accept-Encoding", **coding}
    body = await asyncio.to_thread(make_body)
    return Response(body, headers=headers, media_type="application/json")


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


@_answer_request
async def stream_events(services: Services, request: Request, reader: Reader) -> Response:
    """Answer with what comes of an answer, as server-sent events; raises NotFound."""
    user, message_id = find_user(services, request), request.path_params["message_id"]
    reader = replace(reader, user_id=user.user_id)
    last_id = request.headers.get("last-event-id") or request.query_params.get("last", "")
    is_signed_in = functools.partial(services.users.is_still_signed_in, user)
    if (generation := services.chat.find_answer(user.user_id, message_id)) is not None:
        events = _follow_generation(services, generation, reader, last_id, is_signed_in)
    else:
        exchange = await asyncio.to_thread(services.chat.find_exchange, user.user_id, message_id)
        events = AnswerEvents(services, Stored(services, exchange), reader, last_id).stream()
    return EventResponse(_end_with(is_signed_in, events), takes_gzip=_takes_gzip(request))


async def _end_with(
    is_signed_in: Callable[[], bool], events: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Yield the events until the reader has signed out."""
    async with contextlib.aclosing(events):
        async for made in events:
            if not is_signed_in():
                return
            yield made


async def _follow_generation(
    services: Services,
    generation: Generation,
    reader: Reader,
    last_id: str,
    is_signed_in: Callable[[], bool],
) -> AsyncGenerator[bytes, None]:
    """Yield an answer's events; who takes them counts as one who waits for it."""
    assert generation.exchange is not None  # it has an owner
    source = Made(services, generation, generation.exchange)
    with generation.watch(is_signed_in):
        async for events in AnswerEvents(services, source, reader, last_id).stream():
            yield events


@_answer_request
async def stop_answer(services: Services, request: Request, reader: Reader) -> Response:
    """End an answer, whichever process writes it; raises NotFound."""
    user_id, message_id = find_user_id(services, request), request.path_params["message_id"]
    await asyncio.to_thread(services.chat.stop_answer, user_id, message_id)
    return Response(status_code=204)


class TranscriptRoutes:
    """ASGI middleware: answer the transcript's routes before Streamlit's own middlewares.

    These handle each event of an answer by four functions more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is asked of these routes; pass everything else on."""
        for route in ROUTES if scope["type"] == "http" else ():
            match, found = route.matches(scope)
            if match is not Match.NONE:
                inner = {**scope, **found}
                del inner["app"]  # else a method that is none becomes an error, which nobody hears
                await route.handle(inner, receive, send)
                return
        await self._app(scope, receive, send)


ROUTES = [
    Route("/conversations/{conversation_id}/messages", list_messages),
    Route("/generations/{message_id}/events", stream_events),
    Route("/generations/{message_id}/stop", stop_answer, methods=["POST"]),
]
