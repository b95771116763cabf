"""Reads one file of conversations, as reading.py has it done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbot.attachments import worker
from chatbot.transfer import importing
from chatbot.transfer.reading import PART


def _read(_: dict[str, Any], data: bytes) -> Iterator[bytes]:
    try:
        reading = importing.read(data)
    except importing.BadFile as refusal:
        raise worker.Unreadable(refusal.code, **refusal.arguments) from refusal
    yield from map(PART.dump_json, reading.archives)
    yield PART.dump_json(reading.losses)


if __name__ == "__main__":
    worker.serve(_read)
