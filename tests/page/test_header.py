"""The page's head: which models can be chosen, and what they are."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import Open, ask, choose_model, read_header, read_transcript
from tests.support.product import LoopThread, wait_for


def labels(app: AppTest) -> list[str]:
    """Return how the models are called that can be chosen."""
    return [option["label"] for option in read_header(app)["options"]]


def test_the_models_are_those_that_are_installed(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.models = ["qwen3:4b", DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed("qwen3:4b"))
    app = open_page()
    assert labels(app) == ["qwen3:4b", "SmolLM2 135M, embedded"]
    assert read_header(app)["model"] == DEFAULT_MODEL
    choose_model(app, "qwen3:4b")
    assert not read_transcript(app)["models"]["small"]
    ask(app, "Hello")
    assert fake.bodies()[-1]["model"] == "qwen3:4b"


def test_a_model_is_told_with_its_size_and_what_it_can_do(
    open_page: Open, fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    fake.set(models=["seer:1b"], capabilities={"seer:1b": ["vision", "thinking", "tools"]})
    fake.fields = {("/api/tags", "seer:1b"): {"size": 5_240_000_000}}
    loop.run(ready.models.read_installed())
    option: dict[str, Any] = read_header(open_page())["options"][-1]
    assert option["size"] == "5.2 GB"
    assert option["abilities"] == ["sees images", "thinks", "uses tools"]


def test_an_embedding_model_is_not_offered(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.fields = {("/api/show", "embedder:latest"): {"capabilities": ["embedding"]}}
    fake.models = ["embedder:latest", DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed("embedder"))
    assert labels(open_page()) == ["SmolLM2 135M, embedded"]


@pytest.mark.configured(chat_model=f"registry.ollama.ai/library/{DEFAULT_MODEL}")
def test_another_name_in_chat_model_is_the_same_model_in_the_list(open_page: Open) -> None:
    app = open_page()
    assert labels(app) == ["SmolLM2 135M, embedded"]
    assert read_transcript(app)["models"]["small"]


@pytest.mark.configured(chat_model="qwen3:4b")
def test_a_chosen_model_that_is_gone_stays_chosen(open_page: Open, ready: Services) -> None:
    app = open_page()
    ready.models.installed = []
    app.run()
    assert read_header(app)["model"] == "qwen3:4b"
    assert labels(app) == ["qwen3:4b"]
