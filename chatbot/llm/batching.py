"""An answer's stream, read in batches: to wake up for a token costs several times what it does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from chatbot.llm import failures

# Between two reads. Five tokens at once are read at little more than the cost of one, the end of a
# fast model's short answer is not held up, and each of the page's ten updates a second has news.
_TOKENS = 5
_FIRST_REST_S, _LEAST_REST_S, _MOST_REST_S = 0.05, 0.02, 0.075

_socket: ContextVar[asyncio.Transport | None] = ContextVar("_socket", default=None)


def trace() -> aiohttp.TraceConfig:
    """What the aiohttp session of a BatchingTransport needs, to tell it of the sockets."""
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_keep_socket)
    return config


async def _keep_socket(_: object, __: object, end: aiohttp.TraceRequestEndParams) -> None:
    connection = end.response.connection
    _socket.set(connection.transport if connection else None)


_MOVED = (httpx.codes.MOVED_PERMANENTLY, httpx.codes.FOUND)


class BatchingTransport(AiohttpTransport):
    """httpx on aiohttp: answers of `/api/chat` come in batches, errors as Ollama would tell them.

    A request that is sent elsewhere (a proxy that wants https) goes there as it is, not as a GET.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request; raises what httpx raises."""
        response = await failures.readable(await super().handle_async_request(request))
        if response.status_code in _MOVED:
            response.status_code = httpx.codes.PERMANENT_REDIRECT
        if request.url.path.endswith("/api/chat"):
            response.stream = _Batches(response.stream)
        return response


class _Batches(httpx.AsyncByteStream):
    """The lines that one read finds, their texts joined; then the socket rests for a moment."""

    def __init__(self, stream: Any) -> None:
        self._stream: httpx.AsyncByteStream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        begun, count, started = b"", 0, 0.0  # the count is of what came since
        async for data in self._stream:
            *lines, begun = (begun + data).split(b"\n")
            if lines:
                yield b"".join(line + b"\n" for line in joined(lines))
            count += len(lines) if started else 0
            started = started or time.monotonic()
            _pause(rest(count, time.monotonic() - started))
        yield begun

    async def aclose(self) -> None:
        await self._stream.aclose()


def joined(lines: Iterable[bytes]) -> list[bytes]:
    """The lines of a stream of messages, those of neighbouring texts made one.

    All others are handed on as they are: the last one with its figures, errors, what is no JSON.
    """
    found: list[bytes | dict[str, Any]] = []
    for line in lines:
        part = _text(line)
        last = found[-1] if found else None
        if part and isinstance(last, dict) and last["message"].keys() == part["message"].keys():
            for name in ("content", "thinking"):
                if name in part["message"]:
                    last["message"][name] += part["message"][name]
        else:
            found.append(part or line)
    return [one if isinstance(one, bytes) else json.dumps(one).encode() for one in found]


def _text(line: bytes) -> dict[str, Any] | None:
    """The message of a line that brings text and nothing else."""
    try:
        part = json.loads(line)
        is_text = not part["done"] and part["message"].keys() <= {"role", "content", "thinking"}
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return part if is_text else None


def rest(tokens: int, seconds: float) -> float:
    """Seconds to rest in a stream that brought so many tokens in so many seconds."""
    fitting = _TOKENS * seconds / tokens if tokens else _FIRST_REST_S
    return min(max(fitting, _LEAST_REST_S), _MOST_REST_S)


def _pause(seconds: float) -> None:
    """Lets the socket of this task's stream rest, unless it rests already or is at its end."""
    socket = _socket.get()
    if socket is not None and socket.is_reading():
        socket.pause_reading()
        asyncio.get_running_loop().call_later(seconds, _wake, socket)


def _wake(socket: asyncio.Transport) -> None:
    if not socket.is_closing():
        socket.resume_reading()
