"""What the server changes in uvicorn: signals that drain, bounds, and the pages' WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.sync.client import connect as connect_now

from chatbot.web.gate import messages, peers
from chatbot.web.gate.peers import BodyLimits, Peers
from chatbot.web.uvicorn_internals import (
    BoundedConfig,
    BoundedRequests,
    DrainingServer,
    PageSocket,
)
from tests.support.product import ROOT, LoopThread, wait_for

pytestmark = pytest.mark.contract

MAX_FRAME_BYTES = 2**16


taken: list[bytes] = []  # of WebSockets' messages


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Send back the messages of a WebSocket, or how long a body was."""
    if scope["type"] == "http":
        if scope["path"] == "/slow":
            await asyncio.sleep(0.5)
        await _measure_body(receive, send)
        return
    if scope["path"] == "/refused":
        await PlainTextResponse("Not for you.", 403)(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        taken.append(message["bytes"])
        await send({"type": "websocket.send", "bytes": message["bytes"]})


async def _measure_body(receive: Any, send: Any) -> None:
    length, message = 0, {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        length += len(message.get("body", b""))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def _config(per_peer: int = 100) -> BoundedConfig:
    limits = BodyLimits({"/large": 1_000_000})
    options = {"port": 0, "log_config": None, "lifespan": "off", "ws_max_size": MAX_FRAME_BYTES}
    always = [("X-Always", "here")]
    return BoundedConfig(_echo, Peers(per_peer, 200), limits, headers=always, **options)


async def _start(drain: Any, per_peer: int = 100) -> tuple[DrainingServer, asyncio.Task[None]]:
    server = DrainingServer(_config(per_peer), drain)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0)
    return server, serving


@contextlib.contextmanager
def _serve(loop: LoopThread, per_peer: int = 100) -> Iterator[int]:
    """Serve on the loop; the value is the port."""

    async def stop() -> None:
        server.should_exit = True
        await serving

    server, serving = loop.run(_start(_nothing, per_peer))
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        loop.run(stop())


@pytest.fixture
def port(loop: LoopThread) -> Iterator[int]:
    with _serve(loop) as port:
        yield port


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


def test_connections_without_a_request_end_and_a_new_one_is_served(loop: LoopThread) -> None:
    async def ask(server: DrainingServer) -> None:
        port = server.servers[0].sockets[0].getsockname()[1]
        kept, fresh = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
        kept[1].write(head + b"\r\n")
        fresh[1].write(head)
        await kept[0].readuntil(b"0\r\n\r\n")  # the end of its body
        server.end_idle_requests()
        assert await kept[0].read() == b""
        fresh[1].write(b"\r\n")
        assert (await fresh[0].readline()).startswith(b"HTTP/1.1 200")
        for _, writer in (kept, fresh):
            writer.close()

    async def run() -> None:
        server, serving = await _start(_nothing)
        try:
            async with asyncio.timeout(10):
                await ask(server)
        finally:
            server.should_exit = True
            await serving

    loop.run(run())


def test_what_a_page_has_sent_before_it_is_asked_to_leave_is_taken(loop: LoopThread) -> None:
    async def run() -> None:
        server, serving = await _start(_nothing)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send(b"first")
            assert await client.recv() == b"first"
            (page,) = server.server_state.connections
            assert isinstance(page, PageSocket)
            await client.send(b"on its way")
            page.ask_to_leave()
            page.ask_to_leave()
            await client.wait_closed()
            assert client.close_code == CloseCode.SERVICE_RESTART
        assert taken[-1] == b"on its way"
        server.should_exit = True
        await serving

    loop.run(run())


def test_a_peer_goes_by_its_ipv4_address_on_a_socket_of_both_families(loop: LoopThread) -> None:
    async def run() -> None:
        server, serving = await _start(_nothing)
        both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        made = BoundedRequests(config=server.config, server_state=server.server_state, app_state={})
        listener = await asyncio.get_running_loop().create_server(lambda: made, sock=both)
        port = both.getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readline()
        assert made.client == ("127.0.0.1", writer.get_extra_info("sockname")[1])
        writer.close()
        listener.close()
        server.should_exit = True
        await serving

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


HEAD = b"GET / HTTP/1.1\r\nHost: chat\r\n"
POST = b"POST / HTTP/1.1\r\nHost: chat\r\n"


def _exchange(port: int, *parts: bytes) -> bytes:
    """Send the parts, and return what comes until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                client.sendall(part)
        return _read_to_end(client)


def _read_to_end(client: socket.socket) -> bytes:
    came = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65536):
            came += part
    return came


def test_a_head_as_long_as_a_logins_is_taken(port: int) -> None:
    cookies = b"Cookie: a=" + b"x" * 50_000 + b"\r\n"
    assert b" 200 OK" in _exchange(port, HEAD + cookies + b"Connection: close\r\n\r\n")


@pytest.mark.parametrize(
    "endless",
    [b"X-Long: " + b"a" * 200_000, b"a: b\r\n" * 30_000, b"a: b\r\n" * 200 + b"\r\n"],
    ids=["a long header", "many headers", "many headers that end"],
)
def test_a_head_that_is_too_long_is_refused(port: int, endless: bytes) -> None:
    answer = _exchange(port, HEAD, endless)
    assert not answer or b" 431 " in answer  # what is not read may reset the connection


def test_a_long_address_is_refused(port: int) -> None:
    answer = _exchange(port, b"GET /" + b"a" * 200_000)
    assert not answer or b" 431 " in answer


@pytest.mark.parametrize("sent", [b"GET / HT", HEAD, HEAD + b"Cookie: a="])
def test_half_a_head_holds_a_connection_for_a_while(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "HEAD_TIMEOUT_S", 0.1)
    assert b" 408 " in _exchange(port, sent)


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_that_nobody_uses_is_closed(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "HEAD_TIMEOUT_S", 0.1)
    assert _exchange(port, sent) == b""


@pytest.mark.parametrize("sent", [b"GET / HT", b"\r\n"])
def test_a_kept_one_is_closed_like_a_new_one(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "HEAD_TIMEOUT_S", 0.1)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(HEAD + b"\r\n")
        assert b" 200 OK" in client.recv(65536)
        client.sendall(sent)
        _read_to_end(client)


def test_an_answer_may_take_longer_than_a_head(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "HEAD_TIMEOUT_S", 0.1)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n")
        assert b" 200 OK" in _read_to_end(client)


def test_a_request_after_another_is_answered_on_the_same_connection(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(client):
        for length in (0, 10, 500_000, 0):
            client.request("POST", "/large", bytes(length))
            assert client.getresponse().read() == str(length).encode()


def test_a_body_that_says_that_it_is_too_large_is_refused_before_it_comes(port: int) -> None:
    head = POST + b"Content-Length: 50000000\r\n\r\n"
    assert b" 413 " in _exchange(port, head)


def test_a_body_that_is_too_large_is_refused(port: int) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = _exchange(port, head, *[b"4000\r\n" + bytes(0x4000) + b"\r\n"] * 4)
    assert not answer or b" 413 " in answer


def test_a_body_that_comes_too_slowly_is_refused(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "BODY_WINDOW_S", 0.1)
    assert b" 408 " in _exchange(port, POST + b"Content-Length: 5000\r\n\r\nbegun")


def test_so_many_bodies_may_be_half_sent(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MAX_BODIES", 1)
    half = POST + b"Content-Length: 5000\r\n\r\nbegun"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as first:
        first.sendall(half)
        assert b" 503 " in _exchange(port, half)
        first.sendall(bytes(4995))
        assert b" 200 OK" in first.recv(65536)


def test_requests_that_nobody_waits_for_close_the_connection(port: int) -> None:
    request = POST + b"Content-Length: 1\r\n\r\nx"
    answers = _exchange(port, request * 1000)
    assert answers.count(b" 200 OK") <= 1 + peers.MAX_PIPELINED


def test_a_few_that_come_together_are_all_answered(port: int) -> None:
    last = HEAD + b"Connection: close\r\n\r\n"
    assert _exchange(port, (HEAD + b"\r\n") * 3 + last).count(b" 200 OK") == 4


def test_an_address_has_so_many_connections_and_a_page_counts_as_one(loop: LoopThread) -> None:
    with _serve(loop, per_peer=2) as port:
        address = f"ws://127.0.0.1:{port}/"
        with connect_now(address), connect_now(address) as second:
            assert _exchange(port, HEAD + b"\r\n") == b""
            second.close()
            last = HEAD + b"Connection: close\r\n\r\n"
            wait_for(lambda: b" 200 OK" in _exchange(port, last))


def test_a_page_that_sends_very_many_messages_is_cut_off(port: int) -> None:
    with connect_now(f"ws://127.0.0.1:{port}/") as page:
        with pytest.raises(ConnectionClosedError) as closed:
            for _ in range(10 * messages.FRAMES_AT_ONCE):
                page.send(b"x")
                page.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


@pytest.mark.parametrize("kind", [Opcode.CONT, Opcode.PING, Opcode.PONG])
def test_frames_without_anything_in_them_count_too(port: int, kind: Opcode) -> None:
    begun = Frame(Opcode.BINARY, b"", fin=False).serialize(mask=True)
    empty = Frame(kind, b"", fin=kind != Opcode.CONT).serialize(mask=True)
    with connect_now(f"ws://127.0.0.1:{port}/") as page:
        page.socket.sendall(begun + empty * 10 * messages.FRAMES_AT_ONCE)
        with pytest.raises(ConnectionClosedError) as closed:
            page.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


def test_a_page_that_sends_very_much_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BYTES_AT_ONCE", 2 * MAX_FRAME_BYTES)
    with connect_now(f"ws://127.0.0.1:{port}/") as page:
        with pytest.raises(ConnectionClosedError) as closed:
            for _ in range(5):
                page.send(bytes(MAX_FRAME_BYTES))
                page.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


def test_a_frame_that_inflates_too_far_is_refused(port: int) -> None:
    with connect_now(f"ws://127.0.0.1:{port}/") as page:
        page.send(bytes(256 * MAX_FRAME_BYTES))  # some 16 kB, compressed
        with pytest.raises(ConnectionClosedError) as closed:
            page.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_a_websocket_whose_head_is_refused_is_closed(port: int) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    bad = b"Sec-WebSocket-Version: 13\r\nX Odd: 1\r\n\r\n"
    assert b" 101 " not in _exchange(port, HEAD + upgrade + bad)
    assert b" 101 " not in _exchange(port, HEAD + upgrade + b"X-Odd: \x01\r\n\r\n")


def test_a_websocket_that_a_route_refuses_gets_the_reason_and_the_headers_of_all(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    with _serve(loop) as port, pytest.raises(InvalidStatus) as refused:
        connect_now(f"ws://127.0.0.1:{port}/refused")
    response = refused.value.response
    assert (response.status_code, response.body) == (403, b"Not for you.")
    assert response.headers["X-Always"] == "here"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_is_refused_below_the_routes_has_the_headers_of_all_too(port: int) -> None:
    assert b"\r\nx-always: here\r\n" in _exchange(port, b"nonsense\r\n\r\n")
