"""File systems that a test mounts for a while."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def mounted(*options: str) -> Iterator[None]:
    """Mount something for a while, or skips the test."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    result = subprocess.run(["mount", *options], capture_output=True, text=True)
    if result.returncode:
        pytest.skip(f"mount is not allowed here: {result.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", options[-1]], check=True)
