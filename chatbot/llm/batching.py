"""An answer's stream, read in batches: to wake up for a token costs several times what it does."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
from httpx_aiohttp import AiohttpTransport

from chatbot.llm import failures
from chatbot.llm.aiohttp_internals import pause_reading

# Between two reads. Five tokens at once are read at little more than the cost of one, the end of a
# fast model's short answer is not held up, and each of the page's ten updates a second has news.
_TOKENS_A_READ = 5
_FIRST_PAUSE_S, _LEAST_PAUSE_S, _MOST_PAUSE_S = 0.05, 0.02, 0.075

_MOVED = (httpx.codes.MOVED_PERMANENTLY, httpx.codes.FOUND)


class BatchingTransport(AiohttpTransport):
    """httpx on aiohttp: answers of `/api/chat` come in batches, errors as Ollama would tell them.

    A request that is sent elsewhere (a proxy that wants https) goes there as it is, not as a GET.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; raises what httpx raises."""
        response = await failures.make_readable(await super().handle_async_request(request))
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
                yield b"".join(line + b"\n" for line in join_texts(lines))
            count += len(lines) if started else 0
            started = started or time.monotonic()
            pause_reading(choose_pause(count, time.monotonic() - started))
        yield begun

    async def aclose(self) -> None:
        await self._stream.aclose()


def join_texts(lines: Iterable[bytes]) -> list[bytes]:
    """Return the lines of a stream of messages, those of neighbouring texts made one.

    All others are handed on as they are: the last one with its figures, errors, what is no JSON.
    """
    joined: list[bytes | dict[str, Any]] = []
    for line in lines:
        part = _parse_text(line)
        last = joined[-1] if joined else None
        if part and isinstance(last, dict) and last["message"].keys() == part["message"].keys():
            for name in ("content", "thinking"):
                if name in part["message"]:
                    last["message"][name] += part["message"][name]
        else:
            joined.append(part or line)
    return [part if isinstance(part, bytes) else json.dumps(part).encode() for part in joined]


def _parse_text(line: bytes) -> dict[str, Any] | None:
    """Return the message of a line that brings text and nothing else, else None."""
    try:
        part = json.loads(line)
        is_text = not part["done"] and part["message"].keys() <= {"role", "content", "thinking"}
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return part if is_text else None


def choose_pause(tokens: int, seconds: float) -> float:
    """Return for how many seconds a stream rests that brought `tokens` in `seconds`."""
    fitting = _TOKENS_A_READ * seconds / tokens if tokens else _FIRST_PAUSE_S
    return min(max(fitting, _LEAST_PAUSE_S), _MOST_PAUSE_S)
