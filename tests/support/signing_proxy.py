"""A proxy that signs everybody in as one user, for tests: it adds the header that names him."""

from __future__ import annotations

import asyncio
from typing import Self

from tests.support.product import LoopThread

HEADER = "X-Forwarded-User"


class SigningProxy:
    """Forwards to a port of this machine from `address`; what a client says of itself is dropped.

    `users` are the values of the header, one line each; none: the request passes as it is.
    """

    def __init__(self, loop: LoopThread, port: int, *users: str, address: str) -> None:
        self._loop = loop
        self._target = port
        self._users = users
        self._address = address
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._server = self._loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._close())

    async def _close(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(task := asyncio.ensure_future(self._forward(reader, writer)))
        task.add_done_callback(self._open.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection(
            "127.0.0.1", self._target, local_addr=(self._address, 0)
        )
        try:
            there.write(self._signed(await reader.readuntil(b"\r\n\r\n")))
            await asyncio.wait(
                [asyncio.ensure_future(_pipe(*pair)) for pair in ((reader, there), (back, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except asyncio.IncompleteReadError:
            pass  # a connection that was opened and not used
        finally:
            there.close()
            writer.close()

    def _signed(self, head: bytes) -> bytes:
        lines = head.split(b"\r\n")[:-2]
        kept = [one for one in lines if not one.lower().startswith(HEADER.lower().encode())]
        added = [f"{HEADER}: {user}".encode() for user in self._users]
        return b"\r\n".join([*_close_after(kept if added else lines), *added, b"", b""])


def _close_after(lines: list[bytes]) -> list[bytes]:
    """Have the connection carry one request only: no other head is looked at."""
    if any(line.lower().startswith(b"upgrade:") for line in lines):
        return lines
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return [*kept, b"Connection: close"]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()
