"""A browser's fetch and EventSource: connections that are kept, cookies, gzip; each byte counted.

Plain blocking sockets, as in websocket.py: with gevent's patches they are greenlets' own.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from locustfiles.streamlit_client.meter import Meter

_GZIP_WINDOW_BITS = 31
_CHUNK_BYTES = 65536


class HttpError(OSError):
    """The server answered with an error; `status` is its status, the text what it said."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path} answered {status}: {text[:200]}")
        self.status = status


class HttpClient:
    """The requests of one tab. Each raises OSError when the server is not there, or HttpError.

    `headers` go with each request. `timeout` (seconds) bounds each wait for the next bytes.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], timeout: float, meter: Meter
    ) -> None:
        parts = urlsplit(base_url)
        self._secure = parts.scheme == "https"
        self._host, self._prefix = parts.netloc, parts.path
        self._headers = {"Accept-Encoding": "gzip", **headers}
        self._timeout, self._meter = timeout, meter
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._closed = False

    def get_json(self, path: str) -> Any:
        """Return the JSON that a path answers."""
        body = b"".join(self.open("GET", path).read_chunks())
        self._meter.count_message(len(body))
        return json.loads(body)

    def post(self, path: str) -> None:
        """Post nothing to a path."""
        origin = f"{'https' if self._secure else 'http'}://{self._host}"
        for _ in self.open("POST", path, {"Origin": origin}).read_chunks():
            pass

    def open(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """Send a request and return its response as soon as its headers are there."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        response = self._try(idle, method, path, headers) if idle else None
        response = response or self._send(self._connect(), method, path, headers)
        if not 200 <= response.status < 300:
            text = b"".join(response.read_chunks()).decode(errors="replace")
            raise HttpError(method, path, response.status, text)
        return response

    def close(self) -> None:
        """Close what is not in use, and keep nothing from now on."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Keep a connection, whose response has been read, for the next request."""
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _try(
        self,
        idle: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
    ) -> Response | None:
        """Return the response, or None if the server has closed the idle connection meanwhile."""
        try:
            return self._send(idle, method, path, headers)
        except ConnectionError:
            return None

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
    ) -> Response:
        try:
            connection.request(
                method, self._prefix + path, headers={**self._headers, **(headers or {})}
            )
            return Response(self, connection)
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        except OSError:
            connection.close()
            raise

    def _connect(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._secure:
            connection = http.client.HTTPSConnection(
                self._host, timeout=self._timeout, context=_tls()
            )
        else:
            connection = http.client.HTTPConnection(self._host, timeout=self._timeout)
        counted = functools.partial(_CountedResponse, self._meter)
        connection.response_class = counted  # type: ignore[assignment]
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


class Response:
    """A response whose headers are there; its body comes by `read_chunks`, to be read once."""

    def __init__(self, client: HttpClient, connection: http.client.HTTPConnection) -> None:
        self._client, self._connection = client, connection
        self._socket = connection.sock
        self._response = connection.getresponse()
        self.status = self._response.status
        encoded = self._response.getheader("Content-Encoding") == "gzip"
        self._inflater = zlib.decompressobj(_GZIP_WINDOW_BITS) if encoded else None

    @property
    def headers(self) -> http.client.HTTPMessage:
        """The headers of the response."""
        return self._response.headers

    def read_chunks(self) -> Iterator[bytes]:
        """Yield the body as it comes, uncompressed. Raises OSError when it breaks off."""
        try:
            while chunk := self._response.read1(_CHUNK_BYTES):
                data = self._inflater.decompress(chunk) if self._inflater else chunk
                if data:
                    yield data
            if self._response.length:
                raise ConnectionError(
                    f"the response broke off: {self._response.length} are missing"
                )
        except http.client.HTTPException as error:
            raise ConnectionError(f"the response broke off: {error!r}") from error
        finally:
            self._end()

    def interrupt(self) -> None:
        """End the response from another thread: its reader sees that it breaks off."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        is_whole = self._response.isclosed() or self._response.length == 0
        self._response.close()
        if is_whole and self._connection.sock is not None:
            self._client.keep(self._connection)
        else:
            self._connection.close()


class _CountedResponse(http.client.HTTPResponse):
    """A response that counts each byte that is read from the socket, headers and framing too."""

    def __init__(self, meter: Meter, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_CountingReader(self.fp.detach(), meter))


class _CountingReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, meter: Meter) -> None:
        self._raw, self._meter = raw, meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        size: int | None = self._raw.readinto(buffer)
        self._meter.count_wire(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
