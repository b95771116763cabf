"""A request and the ways to answer it, some of which break the rules: a response is cut short."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


class Exchange:
    """One request, and the ways to answer it. `path` has no query, `body` is whole."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.method = request.method
        self.path = request.path
        self.body = body
        self.headers = request.headers
        self.response: web.StreamResponse = web.Response()
        self._request = request

    def reply(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        """Answer with a whole response."""
        self.response = web.Response(status=status, body=body, content_type=content_type)

    def reply_json(self, status: int, payload: Any) -> None:
        """Answer with a whole JSON response."""
        body = json.dumps(payload, separators=(",", ":"))  # as compact as the real one's
        self.reply(status, body.encode(), "application/json")

    async def stream_line(self, line: bytes) -> None:
        """Send one line of a chunked NDJSON response; the first one after the head."""
        await self.write(line + b"\n")

    async def write(self, data: bytes) -> None:
        """Send a part of a chunked response; the first one after the head."""
        await self.start_stream()
        await self.response.write(data)

    async def start_stream(self) -> None:
        """Send the head of a chunked NDJSON response, unless it is sent."""
        if not self.response.prepared:
            self.response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
            self.response.enable_chunked_encoding()
            await self.response.prepare(self._request)

    def cut(self) -> None:
        """Drop the connection in the middle of the response."""
        if self._request.transport is not None:
            self._request.transport.abort()
