"""The API beside the sample chat: its messages, the events of an answer, and Stop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.sample_pages.words import Exchange

conversations: dict[str, list[Exchange]] = {}


def tell_exchange(exchange: Exchange) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the prompt and the answer as the chat's API tells messages."""
    common: dict[str, Any] = {"thinking": "", "error": None, "statistics": {}}
    prompt = {"id": f"{exchange.id}-p", "role": "user", "content": exchange.prompt, "state": "done"}
    answer = {"id": exchange.id, "role": "assistant", "content": exchange.text} | common
    statistics = {"input_tokens": 7, "output_tokens": len(exchange.text.split()), "queued_s": 0.5}
    answer |= {"state": exchange.state, "statistics": statistics}
    return prompt | common, answer


async def list_messages(request: Request) -> Response:
    """Answer GET /conversations/ID/messages."""
    exchanges = conversations.get(request.path_params["id"])
    if exchanges is None:
        return JSONResponse({"error": "not found"}, 404)
    messages = [message for exchange in exchanges for message in tell_exchange(exchange)]
    return JSONResponse({"title": "Teas", "messages": messages})


async def stream_events(request: Request) -> Response:
    """Answer GET /generations/ID/events."""
    exchange = _find(request.path_params["id"])
    last = request.headers.get("last-event-id", "")
    return StreamingResponse(_write_events(exchange, last), media_type="text/event-stream")


async def stop(request: Request) -> Response:
    """Answer POST /generations/ID/stop."""
    exchange = _find(request.path_params["id"])
    exchange.stopped = time.monotonic()
    return Response(status_code=204)


async def _write_events(exchange: Exchange, last: str) -> AsyncIterator[str]:
    sent = int(last or 0)
    if not last:
        prompt, answer = tell_exchange(exchange)
        sent = len(answer["content"])
        yield _format({"prompt": prompt, "answer": answer}, sent, "exchange")
    while True:
        state, text = exchange.state, exchange.text
        if len(text) > sent:
            yield _format(text[sent:], len(text))
            sent = len(text)
        if "cut" in exchange.prompt and sent and not exchange.is_cut:
            exchange.is_cut = True
            raise ConnectionAbortedError("the connection is cut, as was asked for")
        if state != "writing":
            break
        await asyncio.sleep(0.005)
    _, answer = tell_exchange(exchange)
    refreshes = "refresh" in exchange.prompt
    yield _format({"answer": answer | {"content": None}, "refresh": refreshes}, sent, "end")


def _format(data: object, sent: int, name: str = "") -> str:
    event = f"event: {name}\n" if name else ""
    return f"{event}id: {sent}\ndata: {json.dumps(data)}\n\n"


def _find(message_id: str) -> Exchange:
    return next(x for exchanges in conversations.values() for x in exchanges if x.id == message_id)


ROUTES = [
    Route("/conversations/{id}/messages", list_messages),
    Route("/generations/{id}/events", stream_events),
    Route("/generations/{id}/stop", stop, methods=["POST"]),
]
