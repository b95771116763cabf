"""Whole load tests: Locust as a process of its own, as `make load` starts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.load_tests import FinishedTest, Load, build_command
from tests.support.product import ROOT


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Runs a load test without Locust's page to its end: `load("--shape", "smoke", …)`."""

    def run(*options: object) -> FinishedTest:
        known = set(tmp_path.glob("reports/*"))
        done = subprocess.run(
            build_command(tmp_path / "reports", "--headless", *options),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=110,
        )
        new = set(tmp_path.glob("reports/*")) - known
        assert len(new) == 1, done.stdout
        return FinishedTest(done.returncode, done.stdout, new.pop())

    return run
