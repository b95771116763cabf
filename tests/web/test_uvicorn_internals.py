"""What the server changes in uvicorn: signals that drain, and the pages' WebSockets."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from chatbot.web.uvicorn_internals import DrainingServer, PageSocket
from tests.support.product import ROOT, LoopThread

pytestmark = pytest.mark.contract


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Accept a WebSocket and send back what comes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": message["bytes"]})


def _config(**more: Any) -> uvicorn.Config:
    return uvicorn.Config(_echo, port=0, log_config=None, lifespan="off", ws=PageSocket, **more)


async def _start(drain: Any) -> tuple[DrainingServer, asyncio.Task[None]]:
    server = DrainingServer(_config(), drain)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0)
    return server, serving


def test_the_first_signal_drains_and_then_ends_the_server(loop: LoopThread) -> None:
    async def run() -> None:
        may_end = asyncio.Event()
        server, serving = await _start(may_end.wait)
        server.handle_exit(signal.SIGUSR1, None)
        await asyncio.sleep(0)
        assert not server.should_exit
        may_end.set()
        await serving

    loop.run(run())


def test_the_second_signal_ends_it_at_once(loop: LoopThread) -> None:
    async def run() -> None:
        never = asyncio.Event()
        server, serving = await _start(never.wait)
        server.handle_exit(signal.SIGUSR1, None)
        server.handle_exit(signal.SIGUSR1, None)
        assert server.should_exit and server.force_exit
        await serving
        never.set()  # so that the task that drains ends before its loop does

    loop.run(run())


def test_a_pages_compressor_takes_less_memory(loop: LoopThread) -> None:
    async def compressors() -> list[Any]:
        socket = PageSocket(config=_config(), server_state=ServerState(), app_state={})
        return list(socket.conn.available_extensions or ())

    (compressor,) = loop.run(compressors())
    assert isinstance(compressor, ServerPerMessageDeflateFactory)
    assert compressor.compress_settings == {"memLevel": 3}


def test_a_page_gets_its_messages_compressed(loop: LoopThread) -> None:
    async def run() -> None:
        server, serving = await _start(_nothing)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            assert client.response is not None
            assert "permessage-deflate" in client.response.headers["Sec-WebSocket-Extensions"]
            await client.send(b"word " * 1000)
            assert await client.recv() == b"word " * 1000
        server.should_exit = True
        await serving

    loop.run(run())


async def _nothing() -> None:
    """Drain nothing."""


def test_cookies_of_a_login_may_be_long() -> None:
    code = (
        "import chatbot.web.uvicorn_internals; from websockets import http11; "
        "print(http11.MAX_LINE_LENGTH)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert printed.stdout.strip() == "65536", printed.stderr
