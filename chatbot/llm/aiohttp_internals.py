"""What the chat does to aiohttp's connections, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/llm/test_aiohttp_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

import aiohttp

_transport: ContextVar[asyncio.Transport | None] = ContextVar("_transport", default=None)


def open_session(call_when_sent: Callable[[], object]) -> aiohttp.ClientSession:
    """Return a session that opens a connection for each request, for the running event loop.

    `call_when_sent` is called in the task of each request whose body has left. What the response
    comes by can be paused by `pause_reading`.
    """

    async def tell_sent(*_: object) -> None:
        call_when_sent()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_keep_transport)
    trace.on_request_chunk_sent.append(tell_sent)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    return aiohttp.ClientSession(connector=connector, trace_configs=[trace])


async def _keep_transport(_: object, __: object, end: aiohttp.TraceRequestEndParams) -> None:
    connection = end.response.connection
    _transport.set(connection.transport if connection else None)


def pause_reading(seconds: float) -> None:
    """Let the socket of this task's response rest, unless it rests already or is at its end."""
    transport = _transport.get()
    if transport is not None and transport.is_reading():
        transport.pause_reading()
        asyncio.get_running_loop().call_later(seconds, _resume_reading, transport)


def _resume_reading(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.resume_reading()
