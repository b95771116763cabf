"""A small HTTP/1.1 server that can break the rules when told: it cuts a response short."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import h11


class Exchange:
    """One request, and the ways to answer it. `path` has no query, `body` is whole."""

    def __init__(self, connection: Connection, request: h11.Request, body: bytes) -> None:
        self.method = request.method.decode()
        self.path = request.target.decode().partition("?")[0]
        self.body = body
        self._connection = connection

    def reply(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        """Send a whole response."""
        length = ("content-length", str(len(body)))
        head = h11.Response(status_code=status, headers=[("content-type", content_type), length])
        self._connection.send(head, h11.Data(data=body), h11.EndOfMessage())

    def reply_json(self, status: int, payload: Any) -> None:
        """Send a whole JSON response."""
        self.reply(status, json.dumps(payload).encode(), "application/json; charset=utf-8")

    def stream(self, line: bytes) -> None:
        """Send one line of a chunked NDJSON response; the first one after the head."""
        self.start_stream()
        self._connection.send(h11.Data(data=line + b"\n"))

    def start_stream(self) -> None:
        """Send the head of a chunked NDJSON response, unless it is sent."""
        if self._connection.http.our_state is h11.SEND_RESPONSE:
            head = [("content-type", "application/x-ndjson"), ("transfer-encoding", "chunked")]
            self._connection.send(h11.Response(status_code=200, headers=head))

    def end(self) -> None:
        """End a chunked response."""
        self._connection.send(h11.EndOfMessage())

    def cut(self) -> None:
        """Drop the connection in the middle of the response."""
        self._connection.transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One client. Its handler is cancelled when the client closes before the response ended."""

    transport: asyncio.Transport

    def __init__(self, handler: Handler, open_connections: set[Connection]) -> None:
        self.http = h11.Connection(h11.SERVER)
        self._handler = handler
        self._open = open_connections
        self._task: asyncio.Task[None] | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self.http.receive_data(data)
        self._advance()

    def send(self, *events: h11.Event) -> None:
        """Write `events`, as one piece where it can be."""
        if not self.transport.is_closing():
            self.transport.write(b"".join(self.http.send(event) or b"" for event in events))

    def _advance(self) -> None:
        while True:
            event = self.http.next_event()
            if isinstance(event, h11.Request):
                self._request, self._body = event, bytearray()
                if self.http.they_are_waiting_for_100_continue:
                    self.send(h11.InformationalResponse(status_code=100, headers=[]))
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._task = asyncio.ensure_future(self._answer())
            else:
                return

    async def _answer(self) -> None:
        assert self._request
        await self._handler(Exchange(self, self._request, bytes(self._body)))
        self._task = None
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
            self._advance()
        else:
            self.transport.close()
