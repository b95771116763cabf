"""A stranger takes no model from the others, and sends Ollama nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from locustfiles.streamlit_client.session import SIDEBAR_KEY, TRANSCRIPT_KEY
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.product import Served
from tests.support.stranger import Stranger

Enter = Callable[[Served], Stranger]
OTHER = "qwen3:4b"


@pytest.fixture(scope="module")
def fake_of_all() -> Iterator[FakeOllama]:
    """A fake Ollama with two models, both in memory."""
    with FakeOllama(models=[DEFAULT_MODEL, OTHER], loaded=[DEFAULT_MODEL, OTHER]) as fake:
        yield fake


@pytest.fixture(scope="module")
def open_to_all(
    fake_of_all: FakeOllama, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A chat that others than this machine can reach."""
    folder = tmp_path_factory.mktemp("open") / "data"
    with Served(fake_of_all.url, folder, bind_host="0.0.0.0") as served:
        yield served


def asked(fake: FakeOllama, *paths: str) -> list[Any]:
    """Return what was asked of Ollama at these paths."""
    return [request.json for request in fake.requests if request.path in paths]


def test_a_model_is_neither_offered_for_deletion_nor_for_unloading(
    open_to_all: Served, enter: Enter
) -> None:
    tab = enter(open_to_all)
    tab.act_in_sidebar("models")
    assert not [*tab.keys("delete-"), *tab.keys("deleting-"), *tab.keys("unload-")]


NAMES = [
    OTHER,
    "registry.evil.example/library/a:latest",
    "127.0.0.1:8000/a/b:c",
    "http://10.0.0.1/a/b",
    "hf.co/../../a",
    "a" * 5000,
    "a\nb",
    "../../etc/passwd",
    "gpt-oss:120b-cloud",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_pulls_nothing(
    open_to_all: Served, enter: Enter, fake_of_all: FakeOllama, name: str
) -> None:
    tab = enter(open_to_all)
    before = len(asked(fake_of_all, "/api/pull", "/api/delete", "/api/create"))
    runs = tab.session.runs_finished
    tab.session.trigger_act(TRANSCRIPT_KEY, "pull", model=name)
    tab.wait_for(lambda: tab.session.runs_finished > runs, "it is drawn")
    time.sleep(0.2)  # a pull that had begun would have been asked for
    assert len(asked(fake_of_all, "/api/pull", "/api/delete", "/api/create")) == before
    assert httpx.get(f"{open_to_all.url}/readyz").is_success


@pytest.mark.parametrize("keep_alive", ["0", "-1", "9999h"])
def test_an_import_neither_unloads_a_model_nor_keeps_it(
    open_to_all: Served, enter: Enter, fake_of_all: FakeOllama, keep_alive: str
) -> None:
    tab = enter(open_to_all)
    parameters = {"keep_alive": keep_alive, "num_ctx": 1_048_576, "num_predict": -1}
    message = {"id": "a", "role": "user", "content": "q"}
    conversation = {"title": "t", "parameters": parameters, "messages": [message]}
    document = {"format": "ollama-chatbot conversations", "conversations": [conversation]}
    tab.bring_in(json.dumps(document | {"version": 1}).encode())
    before = len(asked(fake_of_all, "/api/chat"))
    tab.begin("Hello").result(20)
    for body in asked(fake_of_all, "/api/chat")[before:]:
        assert str(body.get("keep_alive", "")) not in (keep_alive, f"{keep_alive}.0")
        assert body["options"]["num_ctx"] < 1_048_576


def test_an_act_that_the_page_never_sends_does_nothing(open_to_all: Served, enter: Enter) -> None:
    tab = enter(open_to_all)
    for key, act in ((SIDEBAR_KEY, {"act": "delete_model"}), (TRANSCRIPT_KEY, {"act": 7})):
        tab.session.trigger_act(key, **act)
    assert enter(open_to_all).ask("Hello").text
