"""A real Docker Engine, the image built from this checkout, and containers for one test."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.support.containers import IMAGE, Container, run_docker
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import ROOT, usual_port


@pytest.fixture(scope="session")
def image() -> str:
    """The image, built from this checkout with the cache of earlier builds.

    On the host's network, as where a proxy or a mirror needs it, beside an Ollama of the host.
    """
    has_docker = shutil.which("docker") is not None
    if not has_docker or "Server Version" not in run_docker("info", check=False):
        pytest.skip("no Docker Engine answers: start one, then run the tests again")
    dockerfile = str(ROOT / "docker" / "Dockerfile")
    with FakeOllama(usual_port()) as other:
        run_docker("build", "--network", "host", "--file", dockerfile, "--tag", IMAGE, str(ROOT))
        assert other.requests == []
    return IMAGE


@pytest.fixture
def volume(image: str) -> Iterator[str]:
    """A fresh named volume."""
    name = run_docker("volume", "create", f"chat-test-{secrets.token_hex(4)}")
    yield name
    run_docker("volume", "rm", name)


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
