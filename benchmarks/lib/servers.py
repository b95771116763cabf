"""The processes that the benchmarks start."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any, Self

import httpx

from tests.support.product import ROOT, free_port, wait_for


def end_servers_on_term() -> None:
    """Let TERM end this program as ^C does, so that it does not leave its servers behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class FakeProcess:
    """The fake Ollama in a process of its own: it shares no interpreter with the clients."""

    def __init__(self, **knobs: Any) -> None:
        self._knobs = knobs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "tests.support.fake_ollama.server",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(command, cwd=ROOT)
        wait_for(self._is_listening)
        self.set(**self._knobs)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def set(self, **knobs: Any) -> dict[str, int]:
        """Set knobs (tokens, tokens_per_second, …) and return the counts (active, requests, …)."""
        counts: dict[str, int] = httpx.put(f"{self.url}/_fake", json=knobs).json()
        return counts

    def _is_listening(self) -> bool:
        try:
            return httpx.get(self.url).is_success
        except httpx.TransportError:
            return False
