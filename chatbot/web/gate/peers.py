"""How many connections are taken, from whom, and how long each may keep the chat waiting."""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chatbot.settings import Network
from chatbot.web.gate.refusals import note_refusal
from chatbot.web.gate.rule import Rule

MAX_HEAD_BYTES = 65_536  # a login's cookies may be long
MAX_HEADERS = 128
HEAD_TIMEOUT_S = 10.0
MAX_HELD_HEAD_BYTES = 16 * 2**20  # of all heads that have not come whole
MAX_PIPELINED = 8  # no browser sends a request before the last one is answered

MAX_BODY_BYTES = 16_384  # where a route says nothing else
MIN_BODY_BYTES_PER_S = 4096
BODY_WINDOW_S = 10.0  # in which the pace is measured
MAX_BODIES_PER_PEER = 64  # that have not come whole
MAX_BODIES = 256

UNTAKEN_TIMEOUT_S = 60  # until who takes nothing of what they are sent is cut off
MAX_OPEN_FILES = 16_384  # asked of the system, which may allow less
KEPT_FILES = 100  # at least, of those that the system allows: for the history, Ollama, uploads

RULES = [
    Rule("invalid", "send what is no HTTP request", "HTTP/1.1", "400"),
    Rule(
        "head",
        "send a request's head that does not end, or byte by byte",
        f"{MAX_HEAD_BYTES // 1024} KiB, {MAX_HEADERS} headers, {HEAD_TIMEOUT_S:g} s",
        "431 or 408, and the connection is closed",
    ),
    Rule(
        "heads",
        "open very many connections and send half a head on each",
        f"{MAX_HELD_HEAD_BYTES // 2**20} MiB of them together",
        "the oldest are closed",
    ),
    Rule(
        "body",
        "send a body that does not end, or byte by byte",
        f"what its route takes, else {MAX_BODY_BYTES // 1024} KiB; "
        f"{MIN_BODY_BYTES_PER_S // 1024} KiB/s",
        "413 or 408, and the connection is closed",
    ),
    Rule(
        "bodies",
        "begin very many bodies",
        f"{MAX_BODIES_PER_PEER} from an address, {MAX_BODIES} in all that have not come whole",
        "503, and the connection is closed",
    ),
    Rule(
        "pipeline",
        "send requests without taking the answers",
        f"{MAX_PIPELINED} on a connection; {UNTAKEN_TIMEOUT_S} s in which nothing is taken",
        "the connection is closed",
    ),
    Rule(
        "connections",
        "open all connections that the system allows",
        "MAX_CONNECTIONS_PER_PEER from an address that is no trusted proxy's; in all, nine tenths "
        "of the system's limit of open files",
        "the oldest that asks for nothing is closed, else the new one",
    ),
]


@dataclass(frozen=True)
class BodyLimits:
    """The largest body of each route, in bytes or told by the path, by how its path begins."""

    by_path: Mapping[str, int | Callable[[str], int]] = field(default_factory=dict)

    def find(self, path: str) -> int:
        """Return the largest body that is taken at a path."""
        limits = (limit for start, limit in self.by_path.items() if path.startswith(start))
        limit = next(limits, MAX_BODY_BYTES)
        return limit if isinstance(limit, int) else limit(path)


class Connection(Protocol):
    """What can be cut off at once, such as an asyncio transport."""

    def abort(self) -> None:
        """Close it without sending what is still to be sent."""


def raise_file_limit() -> int:
    """Raise how many files the process may open, where allowed; return how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


class Peers:
    """All connections: whose they are, and which of them wait for their peer.

    Used on the event loop alone. `trusted` are proxies, whose connections are many people's.
    """

    def __init__(self, per_peer: int, in_all: int, trusted: Sequence[Network] = ()) -> None:
        self._per_peer = per_peer
        self._in_all = in_all
        self._trusted = trusted
        self._addresses: dict[Connection, str] = {}
        self._counts: Counter[str] = Counter()
        # The bytes of an unfinished head by connection: the one that waits for longest is first.
        self._waiting: OrderedDict[Connection, int] = OrderedDict()
        self._held = 0
        self._bodies: dict[Connection, str] = {}

    def admit(self, connection: Connection, address: str) -> bool:
        """Take a new connection, perhaps in the place of one that asks for nothing."""
        if self._is_trusted(address):
            address = ""
        is_full = len(self._addresses) >= self._in_all
        has_all = bool(address) and self._counts[address] >= self._per_peer
        if (is_full or has_all) and not self._drop_oldest(address if has_all else None):
            note_refusal("connections", address)
            return False
        self._addresses[connection] = address
        self._counts[address] += 1
        self._waiting[connection] = 0
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self.serve(connection)
        self.end_body(connection)
        address = self._addresses.pop(connection, None)
        if address is None:
            return
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]

    def wait(self, connection: Connection) -> None:
        """Note that a connection asks for nothing now; it is the last to be dropped for others."""
        if connection in self._addresses:
            self._waiting[connection] = 0

    def hold_head(self, connection: Connection, size: int) -> None:
        """Note how much of a head has come; the oldest are dropped when all hold too much."""
        if connection not in self._addresses:
            return
        self._held += size - self._waiting.get(connection, 0)
        self._waiting[connection] = size
        while self._held > MAX_HELD_HEAD_BYTES:
            oldest = next(other for other, held in self._waiting.items() if held)
            self._drop("heads", oldest)

    def serve(self, connection: Connection) -> None:
        """Note that a head has come whole."""
        self._held -= self._waiting.pop(connection, 0)

    def begin_body(self, connection: Connection) -> bool:
        """Note that a body has not come whole; False where too many have not."""
        address = self._addresses.get(connection, "")
        of_peer = sum(address == other for other in self._bodies.values()) if address else 0
        if len(self._bodies) >= MAX_BODIES or of_peer >= MAX_BODIES_PER_PEER:
            return False
        self._bodies[connection] = address
        return True

    def end_body(self, connection: Connection) -> None:
        """Note that a body has come whole, or never will."""
        self._bodies.pop(connection, None)

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

    def _drop_oldest(self, address: str | None) -> bool:
        """Cut off the connection that waits for longest, of one address or of all."""
        for connection in self._waiting:
            if address is None or self._addresses[connection] == address:
                self._drop("connections", connection)
                return True
        return False

    def _drop(self, rule: str, connection: Connection) -> None:
        note_refusal(rule, self._addresses[connection])
        self.leave(connection)
        connection.abort()
