"""The container's health check, as Docker runs it, beside a chat in each of its states."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.fake_ollama.server import FakeOllama, error_line, stall
from tests.support.product import ROOT, Served, environment, wait_for

Serve = Callable[..., Served]


def health(port: int | str) -> tuple[int, str]:
    """The check's exit status, and what it prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "chatbot.web.healthcheck"],
        cwd=ROOT,
        env=environment(port=port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.stderr
    return ended.returncode, ended.stdout


def test_a_chat_that_is_ready_is_healthy_until_it_ends(served: Served) -> None:
    status, text = health(served.port)
    assert (status, '"step":"ready"' in text) == (0, True)
    assert health(f'"{served.port}"\r')[0] == 0, "as an env file of Windows leaves it"
    served.terminate()
    status, text = health(served.port)
    assert (status, "does not answer" in text) == (1, True)


@pytest.mark.parametrize("lines", [1, 6], ids=["before its first byte", "in the middle"])
def test_a_chat_that_pulls_its_first_model_is_healthy_however_long_it_takes(
    serve: Serve, fake: FakeOllama, lines: int
) -> None:
    fake.fail(stall(lines), path="/api/pull")
    served = serve(chat_model="big:1b", wait=False)
    fake.wait_for(lambda one: bool(one.bodies("/api/pull")), 60)
    status, text = health(served.port)
    assert (status, '"step":"model"' in text) == (0, True)
    reply = served.readyz()
    assert reply is not None and reply.status_code == 503
    fake.resume()
    served.wait_ready()
    assert health(served.port)[0] == 0


def test_a_chat_that_cannot_have_its_model_is_not_healthy(serve: Serve, fake: FakeOllama) -> None:
    fake.fail(error_line(1, "pull model manifest: file does not exist"), path="/api/pull")
    served = serve(chat_model="mistyped:1b", wait=False)
    wait_for(lambda: (reply := served.readyz()) and "no model mistyped" in reply.text, 60)
    assert health(served.port)[0] == 1
