"""Lines that tell a person what the set-up is doing and since when, and commands run under them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

STARTED = time.monotonic()
REPORT_SECONDS = 10.0


class SetupError(Exception):
    """One sentence for the person: what is missing, and the command that cures it."""


def say(text: str) -> None:
    """Write one line with the seconds since the start to standard error."""
    sys.stderr.write(f"set-up: [{time.monotonic() - STARTED:3.0f} s] {text}\n")
    sys.stderr.flush()


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder, outside the checkout, that keeps what is fetched once."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ollama-chatbot"


def run_step(
    command: Sequence[str],
    log: Path,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    progress: Callable[[str], str] = lambda text: f"{len(text.splitlines())} lines of output",
) -> None:
    """Run a command with its output in `log`, and report every ten seconds.

    `progress` turns the output so far into words. When the command fails, its last lines are
    shown and SetupError is raised.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    env = None if environ is None else {**os.environ, **environ}
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd)
    try:
        while (status := _wait_for_status(child)) is None:
            say("  " + progress(log.read_text(errors="replace")))
    finally:
        if child.poll() is None:  # this set-up is being ended, and with it the command
            child.send_signal(signal.SIGINT)
            child.wait()
    if status:
        sys.stderr.write("\n".join(log.read_text(errors="replace").splitlines()[-15:]) + "\n")
        raise SetupError(f"`{' '.join(command[:3])}` failed (its whole output: {log})")


def _wait_for_status(child: subprocess.Popen[bytes]) -> int | None:
    """Return the status of a command that ended before the next report, else None."""
    try:
        return child.wait(REPORT_SECONDS)
    except subprocess.TimeoutExpired:
        return None
