"""Whole load tests: Locust as a process of its own, as `make load` starts it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locustfiles.run.records import Record, read_records


@dataclass(frozen=True)
class FinishedTest:
    """A load test that has ended, and what it left."""

    status: int
    output: str
    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """All figures."""
        found: dict[str, Any] = json.loads((self.folder / "summary.json").read_bytes())
        return found

    @property
    def records(self) -> list[Record]:
        """One for each answer and page."""
        return list(read_records(self.folder / "records.ndjson"))


def build_command(reports: Path, *options: object) -> list[str]:
    """Return what starts Locust with these options, which come after its own."""
    own = ("-f", "locustfiles/load.py", "--loglevel", "WARNING", "--reports", reports)
    return [sys.executable, "-m", "locust", *map(str, (*own, *options))]


Load = Callable[..., FinishedTest]
