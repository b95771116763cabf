"""What an attack costs everybody else: silence, memory and time of the process that serves."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from pathlib import Path
from typing import Self

import httpx

LONGEST_SILENCE_S = 1.0
MOST_GROWTH_MIB = 100.0
MOST_CPU_S = 1.5
_ASK_EVERY_S = 0.02
_QUIET_S = 0.3  # of answers at once, until an attack is over


class Watch:
    """Asks /livez beside an attack, as a probe or another visitor would: `with Watch(served)`.

    Leaving waits until answers come at once again; then `silence_s`, `growth_mib` and `cpu_s`
    say what it cost.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.silence_s = self.growth_mib = self.cpu_s = 0.0
        self._url, self._process = url, Path(f"/proc/{pid}")
        self._asked_at = 0.0  # time.monotonic() in seconds; 0: no answer is awaited
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):  # only root may, and a peak of before counts without
            (self._process / "clear_refs").write_text("5")
        self._memory_before, self._cpu_before = self._memory_mib("VmRSS"), self._cpu()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._settle()
        self._over.set()
        self._thread.join()
        self.growth_mib = self._memory_mib("VmHWM") - self._memory_before
        self.cpu_s = self._cpu() - self._cpu_before

    def __str__(self) -> str:
        return f"{self.silence_s:.2f} s of silence, {self.growth_mib:.0f} MiB, {self.cpu_s:.2f} s"

    @property
    def is_cheap(self) -> bool:
        """Whether nobody else would have noticed."""
        return (
            self.silence_s < LONGEST_SILENCE_S
            and self.growth_mib < MOST_GROWTH_MIB
            and self.cpu_s < MOST_CPU_S
        )

    def _ask(self) -> None:
        while not self._over.is_set():
            self._asked_at = time.monotonic()
            httpx.get(f"{self._url}/livez", timeout=60).raise_for_status()
            self.silence_s = max(self.silence_s, time.monotonic() - self._asked_at)
            self._asked_at = 0.0
            time.sleep(_ASK_EVERY_S)

    def _settle(self) -> None:
        calm_since = time.monotonic()
        while self._thread.is_alive() and time.monotonic() - calm_since < _QUIET_S:
            if self._asked_at and time.monotonic() - self._asked_at > _QUIET_S / 3:
                calm_since = time.monotonic()
            time.sleep(_ASK_EVERY_S)
        assert self._thread.is_alive(), "the chat does not answer any more"

    def _memory_mib(self, name: str) -> float:
        found = re.search(rf"^{name}:\s+(\d+) kB", (self._process / "status").read_text(), re.M)
        assert found
        return int(found[1]) / 1024

    def _cpu(self) -> float:
        """Return the seconds of CPU of this process alone: its readers have their own."""
        cells = (self._process / "stat").read_text().rpartition(")")[2].split()
        return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")
