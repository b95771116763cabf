"""A program that reads files, which does what its head says: `python -m` for `process.Job`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.attachments import worker


def _read(head: dict[str, Any], data: bytes) -> Iterator[bytes]:
    match head["does"]:
        case "echo":
            yield from (head["does"].encode(), data, b"")
        case "refuse":
            raise worker.Unreadable("file_too_long", most=5)
        case "take memory":
            yield bytes(2**30)
        case "take time":
            while True:
                pass
        case "write for ever":
            while True:
                yield bytes(100_000)
        case "wait":
            time.sleep(60)
        case "break off":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "look round":
            yield Path("/proc/self/environ").read_bytes()
            yield _list_files().encode()
        case _:
            raise LookupError("of its own")


def _list_files() -> str:
    """Return the numbers of the files that were open when the process began."""
    folder = Path("/proc/self/fd")
    return " ".join(sorted(link.name for link in folder.iterdir() if link.exists()))


if __name__ == "__main__":
    worker.serve(_read)
