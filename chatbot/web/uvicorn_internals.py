"""What the server changes in uvicorn beyond its documented options, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/web/test_uvicorn_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

# A login's cookies may be longer than the 8 KB that websockets takes unless told before its import.
os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "65536"

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory


class PageSocket(WebSocketsSansIOProtocol):
    """A page's WebSocket; its compressor takes 20 KiB instead of 32 and sends as few bytes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for extension in self.conn.available_extensions or ():
            if isinstance(extension, ServerPerMessageDeflateFactory):
                extension.compress_settings = {"memLevel": 3}


class DrainingServer(uvicorn.Server):
    """uvicorn that runs `drain` at the first signal, before it closes any connection."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[object]]) -> None:
        super().__init__(config)
        self._drain = drain

    def handle_exit(self, sig: int, frame: Any) -> None:
        """First signal: drain, then stop. Second signal: stop at once."""
        is_first = not self._captured_signals
        self._captured_signals.append(sig)
        if is_first:
            self._draining = asyncio.get_running_loop().create_task(self._drain_and_exit())
        else:
            self.should_exit = self.force_exit = True

    async def _drain_and_exit(self) -> None:
        if self.started:
            await self._drain()
        self.should_exit = True
