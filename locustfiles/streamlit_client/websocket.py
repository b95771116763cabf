"""A WebSocket client that measures: counts bytes on the wire, stamps arrivals, answers pings.

It offers permessage-deflate as browsers do. A plain blocking socket, one reader thread and the
protocol logic of `websockets`: with gevent's patches the thread is a greenlet and nothing changes.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import DATA_OPCODES, CloseCode, Frame
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from locustfiles.streamlit_client.meter import Meter

OnMessage = Callable[[bytes, float], None]
OnClose = Callable[[], None]


class MeasuringWebSocket:
    """An open connection. Raises OSError or InvalidHandshake when it cannot be opened.

    `on_message(data, at)` and `on_close()` are called in the reader thread; `at` is
    `time.perf_counter()` just after the bytes came. `meter` counts what came in: compressed, with
    frame headers, and the messages, which are not. `headers` are those of the server's handshake.
    """

    def __init__(
        self,
        url: str,
        on_message: OnMessage,
        on_close: OnClose,
        *,
        meter: Meter,
        cookie: str = "",
        subprotocols: tuple[str, ...] = (),
        timeout: float = 30,
    ) -> None:
        self._meter = meter
        self._on_message, self._on_close = on_message, on_close
        self.headers = Headers()
        self._parts: list[bytes] = []
        self._lock = threading.Lock()
        self._socket = _open_socket(url, timeout)
        self._protocol = ClientProtocol(
            parse_uri(url),
            origin=_origin_of(url),
            extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)],
            subprotocols=[Subprotocol(name) for name in subprotocols],
            max_size=None,
        )
        try:
            self._shake_hands(cookie)
        except Exception:
            self._socket.close()
            raise
        self._reader = threading.Thread(target=self._read_messages, daemon=True)
        self._reader.start()

    @property
    def compressed(self) -> bool:
        """Whether the server agreed to permessage-deflate."""
        return bool(self._protocol.extensions)

    def send(self, data: bytes) -> None:
        """Send one binary message. Raises ConnectionError when the connection is closed."""
        with self._lock:
            if self._protocol.state is not State.OPEN:
                raise ConnectionError("the WebSocket is closed")
            self._protocol.send_binary(data)
            self._send_pending()

    def close(self) -> None:
        """Close as a browser does whose tab is closed: code 1001, no wait for the reply."""
        with self._lock, contextlib.suppress(OSError):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(CloseCode.GOING_AWAY)
                self._send_pending()
            self._socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def _shake_hands(self, cookie: str) -> None:
        request = self._protocol.connect()
        if cookie:
            request.headers["Cookie"] = cookie
        self._protocol.send_request(request)
        self._send_pending()
        while self._protocol.state is State.CONNECTING and not self._protocol.handshake_exc:
            self._receive_bytes()
        if self._protocol.handshake_exc:
            raise self._protocol.handshake_exc
        self._socket.settimeout(None)

    def _read_messages(self) -> None:
        with contextlib.suppress(OSError, InvalidHandshake):
            self._deliver_messages(time.perf_counter())  # what came together with the handshake
            while self._receive_bytes():
                self._deliver_messages(time.perf_counter())
        self._socket.close()
        self._on_close()

    def _receive_bytes(self) -> bool:
        data = self._socket.recv(65536)
        self._meter.count_wire(len(data))
        with self._lock:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            self._send_pending()
        return bool(data)

    def _deliver_messages(self, at: float) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self._parts.append(bytes(event.data))
                if event.fin:
                    self._take_message(at)
            elif isinstance(event, Response):
                self.headers = event.headers

    def _take_message(self, at: float) -> None:
        data = b"".join(self._parts)
        self._parts.clear()
        self._meter.count_message(len(data))
        self._on_message(data, at)

    def _send_pending(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)


def _open_socket(url: str, timeout: float) -> socket.socket:
    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    port = parts.port or (443 if secure else 80)
    plain = socket.create_connection((parts.hostname, port), timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if secure:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    return plain


def _origin_of(url: str) -> Origin:
    parts = urlsplit(url)
    return Origin(f"{parts.scheme.replace('ws', 'http', 1)}://{parts.netloc}")
