"""Server-sent events of an answer as a browser reads them, and what a reader makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    """One event; a comment has the name "comment" and no data."""

    name: str
    data: Any
    id: str = ""


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of a stream's lines, as its specification says."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and not name:
            yield Event("comment", None)
        elif line:
            fields[name] = value.removeprefix(" ")
        elif fields:
            data = json.loads(fields["data"])
            yield Event(fields.get("event", "message"), data, fields.get("id", ""))
            fields = {}


@dataclass
class Listener:
    """What somebody who takes the events knows of an answer: as the browser does."""

    thinking: str = ""
    text: str = ""
    last_id: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None

    def take(self, event: Event) -> None:
        """Take one event."""
        self.names.append(event.name)
        self.last_id = event.id or self.last_id
        match event.name:
            case "exchange":
                self.answer = event.data["answer"]
                self.text, self.thinking = self.answer["content"], self.answer["thinking"]
            case "message":
                self.text += event.data
            case "thinking":
                self.thinking += event.data
            case "moved":
                self.thinking, self.text = self.thinking + self.text, ""
            case "wait":
                self.waits.append(event.data["text"])
            case "end":
                self.end = event.data
                self.answer = event.data["answer"]

    def listen(self, client: httpx.Client, message_id: str, most_events: int | None = None) -> None:
        """Take the events of an answer from where this one is, to the end or so many of them."""
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with client.stream("GET", f"/generations/{message_id}/events", headers=headers) as reply:
            assert reply.status_code == 200, reply.read()
            for count, event in enumerate(read_events(reply.iter_lines()), 1):
                self.take(event)
                if count == most_events:
                    return
