"""A TCP proxy between a browser and the chat whose connections can be lost and had again."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Cable:
    """`with Cable(chat.port) as cable:`, then `cable.url`, `cable.unplug()`, `cable.plug_in()`.

    While it is unplugged every connection is refused.
    """

    def __init__(self, port: int) -> None:
        self._upstream = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self._browsers: list[socket.socket] = []
        self._servers: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self, *, server_notices: bool = True) -> None:
        """End all connections, for the browser alone unless the `server_notices` it too."""
        _end(self._listener)
        _end_all(self._browsers)
        if server_notices:
            _end_all(self._servers)

    def lead_to(self, port: int) -> None:
        """Lead new connections to another server; those that are there stay."""
        self._upstream = ("127.0.0.1", port)

    def plug_in(self) -> None:
        """Take connections again, at the same address."""
        self._listener = socket.create_server(self._address)
        self.__enter__()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = listener.accept()
                server = socket.create_connection(self._upstream)
                self._browsers.append(browser)
                self._servers.append(server)
                threading.Thread(target=_copy, args=(browser, server), daemon=True).start()
                threading.Thread(target=_answer, args=(server, browser), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


def _answer(server: socket.socket, browser: socket.socket) -> None:
    """Copy until the server ends the connection, which the browser would use again."""
    _copy(server, browser)
    _end(browser)


def _end_all(connections: list[socket.socket]) -> None:
    while connections:
        _end(connections.pop())


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
