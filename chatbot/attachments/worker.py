"""The side of a reading process that reads: it limits itself, then reads one file from its input.

It imports as little as it can, since it is started for each file; process.py is the other side.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

FRAME = struct.Struct("<cQ")  # before each part of the result: what it is, and its length
PART, REFUSAL = b"+", b"!"
NO_MEMORY = 12  # the status of a process that had too little

_NICENESS = 10  # nobody's page waits for a file of somebody else

Read = Callable[[dict[str, Any], bytes], Iterable[bytes]]


class Unreadable(Exception):
    """The file cannot be read; `code` names the text that says why, and `arguments` fill it."""

    def __init__(self, code: str = "", **arguments: Any) -> None:
        super().__init__(code)
        self.code, self.arguments = code, arguments


def serve(read: Read) -> None:
    """Read the file of standard input and write the parts that `read` makes of its head and it.

    Nothing is written before all of it has come. Ends the process where memory runs out.
    """
    head = json.loads(sys.stdin.buffer.readline())
    _limit_process(head["memory_bytes"], head["cpu_s"])
    try:
        for part in read(head, sys.stdin.buffer.read()):
            _write_frame(PART, part)
    except Unreadable as refusal:
        _write_frame(REFUSAL, json.dumps([refusal.code, refusal.arguments]).encode())
    except MemoryError:
        os._exit(NO_MEMORY)
    sys.stdout.buffer.flush()


def _limit_process(memory_bytes: int, cpu_s: int) -> None:
    logging.disable()  # what libraries say of a damaged file would fill the pipe
    os.nice(_NICENESS)
    with suppress(OSError):  # where memory runs out all the same, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    most_bytes = _measure_address_space() + memory_bytes
    for kind, most in (
        (resource.RLIMIT_AS, most_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _measure_address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _write_frame(kind: bytes, part: bytes) -> None:
    sys.stdout.buffer.write(FRAME.pack(kind, len(part)))
    sys.stdout.buffer.write(part)
