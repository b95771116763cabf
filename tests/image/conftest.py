"""A real Docker Engine, the image built from this checkout, and containers for one test."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import ROOT, free_port, usual_port, wait_for

IMAGE = "ollama-chatbot:test"
HARDENED = [
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--user", "12345:0"),
]


def docker(*arguments: str, check: bool = True) -> str:
    """What `docker ARGUMENTS` prints, standard error included."""
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
        self.id = docker("run", "--detach", "--publish", publish, *options, image, *command)

    @property
    def state(self) -> dict[str, Any]:
        """Docker's account of it: Running, ExitCode, Health …"""
        told = docker("inspect", "--format", "{{json .State}}", self.id)
        state: dict[str, Any] = json.loads(told)
        return state

    @property
    def log(self) -> str:
        """All that it has said."""
        return docker("logs", self.id)

    def exec(self, *command: str, check: bool = True) -> str:
        """What a command prints inside."""
        return docker("exec", self.id, *command, check=check)

    def readyz(self) -> httpx.Response | None:
        """What /readyz answers, or None while nothing does."""
        assert self.state["Running"], self.log
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10)
        except httpx.TransportError:
            return None

    def wait_ready(self) -> None:
        """Returns when a prompt sent now is answered."""
        wait_for(lambda: (found := self.readyz()) and found.status_code == 200, 60)

    def wait_ended(self) -> int:
        """Returns its exit status once it has ended."""
        wait_for(lambda: not self.state["Running"], 60)
        return int(self.state["ExitCode"])

    def remove(self) -> None:
        """Ends it and forgets it, its anonymous volumes too."""
        docker("rm", "--force", "--volumes", self.id)


@pytest.fixture(scope="session")
def image() -> str:
    """The image, built from this checkout with the cache of earlier builds.

    On the host's network, as where a proxy or a mirror needs it, beside an Ollama of the host.
    """
    if shutil.which("docker") is None or not docker("info", check=False).count("Server Version"):
        pytest.skip("no Docker Engine answers: start one, then run the tests again")
    dockerfile = str(ROOT / "docker" / "Dockerfile")
    with FakeOllama(usual_port()) as other:
        docker("build", "--network", "host", "--file", dockerfile, "--tag", IMAGE, str(ROOT))
        assert other.requests == []
    return IMAGE


@pytest.fixture
def volume(image: str) -> Iterator[str]:
    """A fresh named volume."""
    name = docker("volume", "create", f"chat-test-{secrets.token_hex(4)}")
    yield name
    docker("volume", "rm", name)


@pytest.fixture
def run(image: str, volume: str) -> Iterator[Callable[..., Container]]:
    """Starts a container: `run("--read-only", …)`; it returns at once. The volume outlives it."""
    started: list[Container] = []

    def start(*options: str, command: tuple[str, ...] = ()) -> Container:
        started.append(Container(*options, command=command))
        return started[-1]

    yield start
    for container in started:
        container.remove()
