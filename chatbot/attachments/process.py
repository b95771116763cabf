"""Runs a program that reads one file in a process of its own: the file may be hostile.

The process gets the file and no secret, has an end in memory, time and output, and is told from
this one by the system. worker.py is its side.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from chatbot import memory_limit
from chatbot.attachments.worker import FRAME, NO_MEMORY, REFUSAL, Unreadable
from chatbot.errors import ChatError

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
LONGEST_WAIT_S = 30.0  # for one of these places

_ROOT = Path(__file__).parents[2]
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")
_LONGEST_COMPLAINT = 2_000  # bytes

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class ReadersBusy(ChatError):
    """As many files are being read as are read at once."""

    status = 503
    texts: ClassVar = {
        "readers_busy": "Other files are being read here. Attach yours again in a minute.",
        "reader_failed": "The file could not be read here. Look for the reason in the chat's log.",
    }


class TooCostly(Exception):
    """To read the file takes more memory or time than it may."""


@dataclass(frozen=True)
class Job:
    """A program that reads files (`python -m module`), and what it may take for one of them."""

    module: str
    memory_bytes: int
    cpu_s: int
    wall_s: float
    output_bytes: int

    def run(self, data: bytes, **head: JsonValue) -> list[bytes]:
        """Return the parts of what the program makes of the file; `head` tells it more of it.

        Raises Unreadable, TooCostly and ReadersBusy.
        """
        limits = {"memory_bytes": self._allow_memory(), "cpu_s": self.cpu_s}
        with _take_place(), self._start() as process:
            _send(process, json.dumps({**head, **limits}).encode(), data)
            parts = [*self._receive(process)]
            _check_end(process)
        return parts

    def _allow_memory(self) -> int:
        """Return the bytes that it may take, so that the container is not killed for it."""
        left = memory_limit.available_bytes()
        return self.memory_bytes if left is None else min(self.memory_bytes, left // MOST_AT_ONCE)

    @contextmanager
    def _start(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the program until the block or its time ends."""
        pipe = subprocess.PIPE
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        command = [sys.executable, "-W", "ignore", "-m", self.module]
        with subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=_ROOT, env=kept
        ) as process:
            end = threading.Timer(self.wall_s, process.kill)
            end.daemon = True  # a stop waits for nobody's file
            end.start()
            try:
                yield process
            finally:
                end.cancel()
                process.kill()

    def _receive(self, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """Yield the parts that have come whole; raises Unreadable for a refusal."""
        assert process.stdout is not None
        left = self.output_bytes
        while len(head := process.stdout.read(FRAME.size)) == FRAME.size:
            kind, size = FRAME.unpack(head)
            left -= size
            if left < 0:
                raise TooCostly
            part = process.stdout.read(size)
            if kind == REFUSAL:
                code, arguments = json.loads(part)
                raise Unreadable(code, **arguments)
            yield part


@contextmanager
def _take_place() -> Iterator[None]:
    if not _places.acquire(timeout=LONGEST_WAIT_S):
        raise ReadersBusy()
    try:
        yield
    finally:
        _places.release()


def _send(process: subprocess.Popen[bytes], head: bytes, data: bytes) -> None:
    """Hand the file over; the program writes nothing before it has all of it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as file:  # its status says why it has ended
        file.write(head + b"\n")
        file.write(data)


def _check_end(process: subprocess.Popen[bytes]) -> None:
    """Raise what the status of a program says that did not come to its end."""
    assert process.stderr is not None
    complaint = process.stderr.read().decode(errors="replace")[-_LONGEST_COMPLAINT:]
    status = process.wait()
    if status in (NO_MEMORY, -signal.SIGKILL, -signal.SIGXCPU):
        raise TooCostly
    if status < 0:  # a library broke off
        raise Unreadable
    if status:
        log.error("a process that read a file ended with status %s: %s", status, complaint)
        raise ReadersBusy("reader_failed")
