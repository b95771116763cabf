"""Reads one attached file, as reader.py has it done."""

from __future__ import annotations

from typing import Any

from chatbot.attachments import contents, worker


def _read(head: dict[str, Any], data: bytes) -> tuple[bytes, ...]:
    made = contents.read(head["name"], data)
    kept = b"" if made.data is data else made.data  # it is known there
    return made.media_type.encode(), kept, made.thumbnail


if __name__ == "__main__":
    worker.serve(_read)
