"""What came over the wire, counted from however many threads."""

from __future__ import annotations

import threading
from typing import NamedTuple


class Traffic(NamedTuple):
    """Bytes as they came (compressed, with all headers), bytes of messages, their number."""

    wire_bytes: int
    message_bytes: int
    messages: int

    def since(self, before: Traffic) -> Traffic:
        """Return what has come after `before`."""
        return Traffic(*(now - then for now, then in zip(self, before, strict=True)))


class Meter:
    """Counts the traffic of one tab, ever growing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traffic = Traffic(0, 0, 0)

    def count_wire(self, size: int) -> None:
        """Count bytes as they came."""
        with self._lock:
            self._traffic = self._traffic._replace(wire_bytes=self._traffic.wire_bytes + size)

    def count_message(self, size: int) -> None:
        """Count a message, or an event, of so many bytes."""
        with self._lock:
            wire, message, number = self._traffic
            self._traffic = Traffic(wire, message + size, number + 1)

    def read(self) -> Traffic:
        """Return all that has come so far."""
        return self._traffic
