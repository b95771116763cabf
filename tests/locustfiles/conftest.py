"""Whole load tests: Locust as a process of its own, as `make load` starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from locustfiles.run.records import Record, read_records
from tests.support.product import ROOT


@dataclass(frozen=True)
class Finished:
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


def command(reports: Path, *options: object) -> list[str]:
    """Locust with these options, which come after its own."""
    own = ("-f", "locustfiles/load.py", "--loglevel", "WARNING", "--reports", reports)
    return [sys.executable, "-m", "locust", *map(str, (*own, *options))]


Load = Callable[..., Finished]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Runs a load test without Locust's page to its end: `load("--shape", "smoke", …)`."""

    def run(*options: object) -> Finished:
        known = set(tmp_path.glob("reports/*"))
        done = subprocess.run(
            command(tmp_path / "reports", "--headless", *options),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=110,
        )
        new = set(tmp_path.glob("reports/*")) - known
        assert len(new) == 1, done.stdout
        return Finished(done.returncode, done.stdout, new.pop())

    return run
