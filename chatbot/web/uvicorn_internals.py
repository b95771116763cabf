"""What the server changes in uvicorn beyond its documented options, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/web/test_uvicorn_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

# A login's cookies may be longer than the 8 KB that websockets takes unless told before its import.
os.environ["WEBSOCKETS_MAX_LINE_LENGTH"] = "65536"

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from chatbot.web.gate import messages, peers
from chatbot.web.gate.peers import BodyLimits, Peers
from chatbot.web.gate.refusals import note_refusal
from chatbot.web.streamlit_internals import LEAVE

# What uvicorn says of each such request, where the gate has a line a minute.
_SAID_OTHERWISE = {"Invalid HTTP request received.", "Unsupported upgrade request."}
logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg not in _SAID_OTHERWISE)

_SLICE_BYTES = 4096  # of what a page sends: so much is parsed before its frames are counted


class BoundedConfig(uvicorn.Config):
    """uvicorn's options, with what bounds the connections."""

    def __init__(
        self, app: Any, bounded_peers: Peers, body_limits: BodyLimits, **options: Any
    ) -> None:
        super().__init__(app, http=BoundedRequests, ws=PageSocket, **options)
        self.peers = bounded_peers
        self.body_limits = body_limits


@dataclass(frozen=True)
class _Refusal:
    """Which rule ends a connection, and what its peer reads."""

    rule: str
    status: HTTPStatus
    sentence: str


_INVALID = _Refusal("invalid", HTTPStatus.BAD_REQUEST, "Invalid HTTP request received.")
_LONG_HEAD = _Refusal(
    "head", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's head is too large."
)
_SLOW_HEAD = _Refusal("head", HTTPStatus.REQUEST_TIMEOUT, "The request did not come in time.")
_LONG_BODY = _Refusal(
    "body", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request's body is too large."
)
_SLOW_BODY = _Refusal("body", HTTPStatus.REQUEST_TIMEOUT, "The request's body came too slowly.")
_MANY_BODIES = _Refusal(
    "bodies", HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests are half sent: try again later."
)
_MANY_REQUESTS = _Refusal(
    "pipeline", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests wait on this connection."
)


class BoundedRequests(HttpToolsProtocol):
    """The requests of a connection: each head and each body is bounded in size and in time."""

    config: BoundedConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None  # of the head, or of the body
        self._comes: Literal["nothing", "head", "body"] = "nothing"
        self._head_size = 0
        self._body_room = 0
        self._body_came = 0  # in the window that is timed
        self._refusal = _INVALID

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection where there is room for it."""
        super().connection_made(transport)
        self.client = _name_peer(self.client)
        if self.config.peers.admit(transport, self._address):
            self._time_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self._stop_timer()
        self.config.peers.leave(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the bounds."""
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # refused, or a WebSocket now
        if self._comes == "head":
            self._hold_head(len(data))
        if self._timer is not None:
            return
        if self._comes == "body":
            self._time_body()
        elif self._comes == "head" or self.cycle is None or self.cycle.response_complete:
            self._time_head()  # of a line that is empty too, which ends uvicorn's wait for a head

    def _hold_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > peers.MAX_HEAD_BYTES:
            self._refuse(_LONG_HEAD)
            return
        self.config.peers.hold_head(self.transport, self._head_size)

    def on_message_begin(self) -> None:
        """Expect the rest of a head."""
        super().on_message_begin()
        self._comes, self._head_size = "head", 0

    def on_headers_complete(self) -> None:
        """Begin to answer, unless there are too many headers or the body is to be too large."""
        self._stop_timer()
        self.config.peers.serve(self.transport)
        if len(self.headers) > peers.MAX_HEADERS:
            self._stop_parsing(_LONG_HEAD)
        if len(self.pipeline) >= peers.MAX_PIPELINED:
            self._stop_parsing(_MANY_REQUESTS)
        self._body_room = self._find_body_room()
        super().on_headers_complete()
        self._comes = "body"

    def _find_body_room(self) -> int:
        """Return how large the body may be; refuse it when it says that it is larger."""
        headers = dict(self.headers)
        length = int(headers.get(b"content-length", b"0"))
        if not length and b"transfer-encoding" not in headers:
            return 0
        path = httptools.parse_url(self.url).path.decode("ascii")
        room = self.config.body_limits.find(path)
        if length > room:
            self._stop_parsing(_LONG_BODY)
        return room

    def on_body(self, body: bytes) -> None:
        """Hand on a part of the body, unless more has come than may."""
        self._body_came += len(body)
        self._body_room -= len(body)
        if self._body_room < 0:
            self._stop_parsing(_LONG_BODY)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect nothing more of this request."""
        self._stop_timer()
        self.config.peers.end_body(self.transport)
        self._comes = "nothing"
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Note that the connection asks for nothing, unless its next request has begun."""
        super().on_response_complete()
        if self._comes == "nothing" and not self.pipeline:
            self.config.peers.wait(self.transport)

    def end_when_idle(self) -> None:
        """Take no further request, so that the next one finds another process."""
        if self.cycle is not None and self._comes == "nothing":
            self.shutdown()

    def _time_head(self) -> None:
        self._start_timer(peers.HEAD_TIMEOUT_S, self._end_head)

    def _end_head(self) -> None:
        """Close a connection whose head has not come; browsers open some that they do not use."""
        if self._comes == "head":
            self._refuse(_SLOW_HEAD)
        else:
            self.transport.close()

    def _time_body(self) -> None:
        """Have the pace of a body measured that has not come whole."""
        if self.config.peers.begin_body(self.transport):
            self._body_came = 0
            self._start_timer(peers.BODY_WINDOW_S, self._check_pace)
        else:
            self._refuse(_MANY_BODIES)

    def _check_pace(self) -> None:
        least = peers.MIN_BODY_BYTES_PER_S * peers.BODY_WINDOW_S
        if self._body_came < least and not self.flow.read_paused:
            self._refuse(_SLOW_BODY)
            return
        self._body_came = 0
        self._start_timer(peers.BODY_WINDOW_S, self._check_pace)

    def _start_timer(self, delay_s: float, call: Callable[..., None], *args: object) -> None:
        self._timer = self.loop.call_later(delay_s, call, *args)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_parsing(self, refusal: _Refusal) -> None:
        """Have the parser fail, upon which `send_400_response` is called."""
        self._refusal = refusal
        raise httptools.HttpParserError(refusal.sentence)

    def send_400_response(self, msg: str) -> None:
        """Say why a request is not taken."""
        self._refuse(self._refusal)

    def _refuse(self, refusal: _Refusal) -> None:
        """End the connection, with an answer where none is under way."""
        note_refusal(refusal.rule, self._address)
        if not self._can_answer():
            self.transport.abort()
            return
        if self.cycle is not None:
            self.cycle.disconnected = True  # whatever the routes would still send
        body = refusal.sentence.encode()
        fields = {
            b"content-type": b"text/plain; charset=utf-8",
            b"content-length": b"%d" % len(body),
            b"connection": b"close",
        }
        headers = [*self.server_state.default_headers, *fields.items()]
        lines = [b"%b: %b\r\n" % header for header in headers]
        head = [STATUS_LINE[refusal.status], *lines, b"\r\n"]
        self.transport.write(b"".join([*head, body]))
        self.transport.close()

    def _can_answer(self) -> bool:
        """Return whether what is written now would be taken for the answer to what came last."""
        if self.pipeline:
            return False
        if self.cycle is None:
            return True
        is_begun, is_over = self.cycle.response_started, self.cycle.response_complete
        return not is_begun if self._comes == "body" else is_over

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""


def _name_peer(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return a peer by its own address, where a socket of both families has one of IPv4 as IPv6."""
    return client and (client[0].removeprefix("::ffff:"), client[1])


class PageSocket(WebSocketsSansIOProtocol):
    """A page's WebSocket: what it sends is bounded in number and size.

    Its compressor takes 20 KiB instead of 32 and sends as few bytes.
    """

    config: BoundedConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for extension in self.conn.available_extensions or ():
            if isinstance(extension, ServerPerMessageDeflateFactory):
                extension.compress_settings = {"memLevel": 3}
        time_s = self.loop.time()
        self._frames = messages.Allowance(messages.FRAMES_AT_ONCE, messages.FRAMES_PER_S, time_s)
        self._bytes = messages.Allowance(messages.BYTES_AT_ONCE, messages.BYTES_PER_S, time_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self.config.peers.leave(self.transport)
        super().connection_lost(exc)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Know the peer by its own address."""
        super().connection_made(transport)
        self.client = _name_peer(self.client)

    async def run_asgi(self) -> None:
        """Serve the page, which can be asked to leave."""
        self.scope[LEAVE] = self.ask_to_leave  # type: ignore[literal-required]
        await super().run_asgi()

    def ask_to_leave(self) -> None:
        """Have the page open another connection; what it has sent until it reads that is taken."""
        if self.handshake_complete and self.conn.state is State.OPEN:
            self.conn.send_close(CloseCode.SERVICE_RESTART)
            self.transport.write(b"".join(self.conn.data_to_send()))

    def data_received(self, data: bytes) -> None:
        """Read on in slices, so that very many small frames are counted before they are parsed."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _SLICE_BYTES])
        if not self.handshake_initiated:  # its head is refused, which uvicorn would not tell
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_events(self) -> None:
        """Hand on what has come, unless it is too much."""
        frames = [event for event in self.conn.events if isinstance(event, Frame)]
        size, time_s = sum(len(frame.data) for frame in frames), self.loop.time()
        if self._frames.take(len(frames), time_s) and self._bytes.take(size, time_s):
            super().handle_events()
            return
        note_refusal("pace of frames", self.client[0] if self.client else "")
        self.conn.fail(CloseCode.POLICY_VIOLATION, "too many frames")
        self.handle_parser_exception()

    async def send(self, message: Any) -> None:
        """Send on; who is refused gets the headers that each answer has."""
        if message["type"] == "websocket.http.response.start":
            message = {**message, "headers": [*self.default_headers, *message["headers"]]}
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True  # else uvicorn logs an error for each


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

    def end_idle_requests(self) -> None:
        """End the connections on which nothing is asked; WebSockets stay."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedRequests):
                connection.end_when_idle()

    async def _drain_and_exit(self) -> None:
        try:
            if self.started:
                await self._drain()
        finally:
            self.should_exit = True
