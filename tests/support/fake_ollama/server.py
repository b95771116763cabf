"""A stand-in for Ollama 0.24: a real HTTP server with its routes, shapes, errors; faults on demand.

In a test: `with FakeOllama(tokens=20) as ollama:`, then `ollama.url`. As a process of its own, for
benchmarks: `python -m tests.support.fake_ollama.server --port 11500`; `PUT /_fake` sets knobs and
tells counts.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import weakref
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.support.fake_ollama import routes
from tests.support.fake_ollama.exchange import Exchange
from tests.support.fake_ollama.state import (
    BUSY,
    CRASHED,
    DEFAULT_MODEL,
    OUT_OF_MEMORY,
    TOO_LONG,
    Fault,
    Request,
    State,
    cut,
    error_line,
    malformed,
    model_missing,
    page,
    prose,
    stall,
)

__all__ = [
    "BUSY",
    "CRASHED",
    "DEFAULT_MODEL",
    "OUT_OF_MEMORY",
    "TOO_LONG",
    "FakeOllama",
    "Fault",
    "Request",
    "cut",
    "error_line",
    "malformed",
    "model_missing",
    "page",
    "prose",
    "stall",
]


_LARGEST_BODY_BYTES = 1_000_000_000  # of a model's file


class FakeOllama(State):
    """The server, in a thread of its own. Knobs and records: see `State`.

    `stop()` and `start()` make it refuse connections and come back on the same port.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", **knobs: Any) -> None:
        super().__init__(**knobs)
        self.port = port
        self.host = host
        self._thread = threading.Thread()
        self._transports = weakref.WeakSet[asyncio.BaseTransport]()

    @property
    def url(self) -> str:
        """Where it listens, with no slash at the end."""
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> FakeOllama:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before. Returns when it does."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self.serve(ready.set)), daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise OSError(f"the fake Ollama cannot listen on port {self.port}")

    def stop(self) -> None:
        """Drop every connection and refuse new ones."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def resume(self) -> None:
        """Let the streams that `stall` holds go on."""
        self._loop.call_soon_threadsafe(self.resumed.set)

    async def serve(self, listening: Callable[[], object] = lambda: None) -> None:
        """Serve until stopped; calls `listening` when the port is open."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.resumed, self._slot_freed = asyncio.Event(), asyncio.Condition()
        runner = web.AppRunner(self._make_app(), access_log=None, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, self.host, self.port, backlog=512)
        await site.start()
        self.port = runner.addresses[0][1]
        listening()
        await self._stopping.wait()
        await site.stop()
        await self._drop_connections(runner)

    def _make_app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._answer_request)
        return app

    async def _answer_request(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self._transports.add(request.transport)
        exchange = Exchange(request, await request.read())
        await routes.answer_request(self, exchange)
        return exchange.response

    async def _drop_connections(self, runner: web.AppRunner) -> None:
        """Drop all connections, whatever they are at."""
        for _ in range(5):  # what was just accepted is a connection after three of them
            await asyncio.sleep(0)
        for connection in runner.server.connections if runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
        # Those that are closed already and have text for somebody who does not read are not named.
        for transport in list(self._transports):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await runner.cleanup()


def main() -> None:
    """Serve until terminated, with the knobs of the command line."""
    parser = argparse.ArgumentParser(description="Serve a fake Ollama.")
    parser.add_argument("--port", type=int, default=11500)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--tokens-per-second", type=float, default=40)
    parser.add_argument("--first-token-delay", type=float, default=0.05)
    parser.add_argument("--slots", type=int, default=1_000)
    asyncio.run(FakeOllama(**vars(parser.parse_args())).serve())


if __name__ == "__main__":
    main()
