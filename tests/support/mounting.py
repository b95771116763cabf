"""File systems that a test mounts for a while."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Let nobody write to a file or folder for a while, root neither."""
    if os.geteuid() != 0:
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    with mounted("--bind", str(path), str(path)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True)
        yield
