"""A TCP proxy before Ollama that cuts one in so many answers in the middle, and counts them."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit

_LINES = 2  # of an answer, before it is cut
_ANSWER = b"POST /api/chat"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, as when a process is killed


class CuttingProxy:
    """`with CuttingProxy(ollama.url, one_in=50) as proxy:`, then `proxy.url` and `proxy.cut`.

    A connection is taken to carry one answer, as those of the chat do. `answers` counts those that
    began, `cut` those that were broken off.
    """

    def __init__(self, upstream: str, one_in: int) -> None:
        parts = urlsplit(upstream)
        self._upstream, self._one_in = (parts.hostname, parts.port), one_in
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._ending = False
        self.answers = self.cut = 0

    def __enter__(self) -> Self:
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    proxy._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        with self._lock:
            self._ending = True
            for end in self._open:  # the chat keeps some open, to ask Ollama how it is
                _hang_up(end)
        self._server.server_close()  # waits for the connections

    def _serve(self, client: socket.socket) -> None:
        connected = socket.create_connection(self._upstream)
        with connected as server, self._kept(client), self._kept(server):
            head = client.recv(65536)
            server.sendall(head)
            sending = threading.Thread(target=_copy, args=(client, server))
            sending.start()
            try:
                self._answer(server, client, self._to_be_cut(head))
            finally:
                for end in (client, server):
                    _hang_up(end)
                sending.join()

    @contextlib.contextmanager
    def _kept(self, end: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(end)
            if self._ending:
                _hang_up(end)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(end)

    def _to_be_cut(self, head: bytes) -> bool:
        if not head.startswith(_ANSWER):
            return False
        with self._lock:
            self.answers += 1
            return self.answers % self._one_in == 0

    def _answer(self, server: socket.socket, client: socket.socket, cut: bool) -> None:
        lines = 0
        while data := server.recv(65536):
            client.sendall(data)
            lines += data.count(b'"done":false')
            if cut and lines >= _LINES:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                with self._lock:
                    self.cut += 1
                return


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
