"""Containers of the image that is built from this checkout."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import httpx

from tests.support.product import fetch, free_port, wait_for

IMAGE = "ollama-chatbot:test"
HARDENED = [
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--user", "12345:0"),
]


def run_docker(*arguments: str, check: bool = True) -> str:
    """Return what `docker ARGUMENTS` prints, standard error included."""
    done = subprocess.run(
        ["docker", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert not check or done.returncode == 0, done.stdout
    return done.stdout.strip()


class Container:
    """A running container of the image; `url` is its page."""

    def __init__(self, *options: str, command: tuple[str, ...] = (), image: str = IMAGE) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        publish = f"127.0.0.1:{port}:8501"
        self.id = run_docker("run", "--detach", "--publish", publish, *options, image, *command)

    @property
    def state(self) -> dict[str, Any]:
        """Docker's account of it: Running, ExitCode, Health …"""
        told = run_docker("inspect", "--format", "{{json .State}}", self.id)
        state: dict[str, Any] = json.loads(told)
        return state

    @property
    def log(self) -> str:
        """All that it has said."""
        return run_docker("logs", self.id)

    def exec(self, *command: str, check: bool = True) -> str:
        """Return what a command prints inside."""
        return run_docker("exec", self.id, *command, check=check)

    def readyz(self) -> httpx.Response | None:
        """Return what /readyz answers, or None while nothing does."""
        assert self.state["Running"], self.log
        return fetch(f"{self.url}/readyz")

    def wait_ready(self) -> None:
        """Return when a prompt sent now is answered."""
        wait_for(lambda: (found := self.readyz()) and found.status_code == 200, 60, every=0.05)

    def wait_ended(self) -> int:
        """Return its exit status once it has ended."""
        wait_for(lambda: not self.state["Running"], 60)
        return int(self.state["ExitCode"])

    def remove(self) -> None:
        """End it and forget it, its anonymous volumes too."""
        run_docker("rm", "--force", "--volumes", self.id)
