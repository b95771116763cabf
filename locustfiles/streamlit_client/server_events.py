"""Server-sent events, parsed from the bytes of a response as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerEvent:
    """One event: its name ("" where it has none), its data, and the id that stood last."""

    name: str
    data: str
    id: str


@dataclass
class EventParser:
    """Takes bytes and yields the events that are complete; `last_id` is what a resumption names."""

    last_id: str = ""
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that end within the chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if event := self._take_line(line.rstrip(b"\r").decode()):
                yield event

    def _take_line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._end_event()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id":
                self.last_id = value
        return None

    def _end_event(self) -> ServerEvent | None:
        name, data = self._name, self._data
        self._name, self._data = "", []
        return ServerEvent(name, "\n".join(data), self.last_id) if data else None
