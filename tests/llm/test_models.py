"""Installed models: what each can do, and one that is told of oddly hides no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot import errors
from chatbot.identity.rights import ManagersOnly, Rights
from chatbot.llm import embedded_model
from chatbot.llm.client import Llm
from chatbot.llm.model_rules import ModelForbidden
from chatbot.llm.models import Model, Models, list_names
from chatbot.settings import Settings
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, Fault, model_missing, page
from tests.support.product import LoopThread


@pytest.fixture
def models(settings: Settings, loop: LoopThread) -> Iterator[Models]:
    """The models of the fake Ollama."""
    llm = Llm(settings)
    yield Models(llm, loop.loop, Rights(settings))
    loop.run(llm.close())


def test_installed_models_are_listed_by_name(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = ["zephyr:7b", DEFAULT_MODEL]
    found = loop.run(models.read_installed())
    assert list_names(found) == [DEFAULT_MODEL, "zephyr:7b"]
    assert found[0] == Model(
        name=DEFAULT_MODEL,
        size=98363007,
        family="llama",
        parameters="134.52M",
        quantization="Q4_1",
        digest=found[0].digest,
        capabilities=frozenset({"completion"}),
        context_length=8192,
        closes_answers=True,
    )
    assert models.installed == found


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("qwen", True),
        ("qwen:latest", True),
        ("library/Qwen", True),
        ("registry.ollama.ai/library/phi:3B", True),
        ("phi", False),
        ("qwe", False),
    ],
)
def test_a_model_is_found_by_every_name_that_ollama_takes_for_it(
    fake: FakeOllama, models: Models, loop: LoopThread, name: str, is_there: bool
) -> None:
    fake.models = ["qwen:latest", "phi:3b"]
    fake.loaded = ["qwen:latest", "phi:3b"]
    loop.run(models.read_installed())
    loop.run(models.read_loaded())
    assert models.is_installed(name) is models.is_in_memory(name) is is_there


def test_a_model_that_ollama_lists_and_does_not_have_is_left_out_until_it_is_there(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = ["phi:3b"]
    loop.run(models.read_installed())
    fake.models = ["damaged:1b", "phi:3b"]
    fake.fail(model_missing("damaged:1b"), path="/api/show")
    assert list_names(loop.run(models.read_installed())) == ["phi:3b"]
    assert list_names(loop.run(models.read_installed())) == ["damaged:1b", "phi:3b"]


ODD_DESCRIPTIONS = [
    {"model_info": ...},
    {"model_info": None},
    {"model_info": []},
    {"model_info": {}},
    {"model_info": {"llama.context_length": "8192"}},
    {"model_info": {"llama.context_length": None}},
    {"details": None, "model_info": ..., "modified_at": "yesterday", "template": 3},
]


@pytest.mark.configured(allow_cloud_models=True)
@pytest.mark.parametrize("fields", ODD_DESCRIPTIONS)
def test_a_model_whose_description_lacks_something_is_listed_without_it(
    fake: FakeOllama, models: Models, loop: LoopThread, fields: dict[str, Any]
) -> None:
    fake.models = ["big:cloud", "phi:3b"]
    fake.capabilities = {"big:cloud": ["thinking"]}
    fake.fields = {("/api/show", "big:cloud"): fields}
    big, phi = loop.run(models.read_installed())
    assert (big.name, big.context_length) == ("big:cloud", None)
    assert models.has_capability("big:cloud", "thinking")
    assert phi.context_length == 8192


@pytest.mark.configured(allow_cloud_models=True)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=401, error="unauthorized"),
        Fault("status", status=500, error="stat: no such file"),
        page(502),
        page(200, "[]", "application/json"),
    ],
)
def test_a_model_that_ollama_does_not_describe_is_listed_and_offered(
    fake: FakeOllama, models: Models, loop: LoopThread, fault: Fault
) -> None:
    fake.models = ["big:cloud", "phi:3b"]
    fake.fail(fault, path="/api/show")
    loop.run(models.read_installed())
    assert sorted(list_names(models.offered)) == ["big:cloud", "phi:3b"]
    assert sorted(model.context_length or 0 for model in models.installed) == [0, 8192]
    loop.run(models.read_installed())  # and Ollama is not asked about it at once again
    assert len(fake.bodies("/api/show")) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"details": None},
        {"details": ...},
        {"details": {"family": None, "parameter_size": 8, "families": "llama"}},
        {"model": ...},
        {"name": ...},
        {"digest": None, "size": None, "modified_at": ""},
        {"size": "1 GB", "digest": ...},
    ],
)
def test_a_listed_model_may_lack_everything_but_its_name(
    fake: FakeOllama, models: Models, loop: LoopThread, fields: dict[str, Any]
) -> None:
    fake.models = ["odd:1b", "phi:3b"]
    fake.fields = {("/api/tags", "odd:1b"): fields}
    assert list_names(loop.run(models.read_installed())) == ["odd:1b", "phi:3b"]


def test_what_has_no_name_is_no_model(fake: FakeOllama, models: Models, loop: LoopThread) -> None:
    fake.models = ["odd:1b", "phi:3b"]
    fake.fields = {("/api/tags", "odd:1b"): {"name": None, "model": ""}}
    assert list_names(loop.run(models.read_installed())) == ["phi:3b"]


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": ..., "size_vram": ..., "details": None},
        {"expires_at": "soon", "size_vram": None},
        {"expires_at": "0001-01-01T00:00:00Z", "context_length": None, "model": ...},
    ],
)
def test_a_model_in_memory_may_lack_everything_but_its_name(
    fake: FakeOllama, models: Models, loop: LoopThread, fields: dict[str, Any]
) -> None:
    fake.loaded = [DEFAULT_MODEL, "odd:1b"]
    fake.fields = {("/api/ps", "odd:1b"): fields}
    sound, odd = loop.run(models.read_loaded())
    assert sound.until > time.time() >= odd.until
    assert (odd.name, odd.vram) == ("odd:1b", 0)


def test_a_server_that_does_not_say_what_is_in_memory_is_no_trouble(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.fail(page(404, "404 page not found", "text/plain"), path="/api/ps")
    assert loop.run(models.read_loaded()) == []


@pytest.mark.parametrize(
    ("capabilities", "is_offered"),
    [
        (["completion", "tools"], True),
        (["embedding"], False),
        (["image"], False),
        ([], True),
        (None, True),
        (..., True),
        ("completion", True),
    ],
)
def test_a_model_is_offered_unless_it_is_known_not_to_chat(
    fake: FakeOllama, models: Models, loop: LoopThread, capabilities: object, is_offered: bool
) -> None:
    fake.models = ["embedder:latest"]
    fake.fields = {("/api/show", "embedder:latest"): {"capabilities": capabilities}}
    loop.run(models.read_installed())
    assert models.is_installed("embedder")
    assert bool(models.offered) is is_offered


@pytest.mark.parametrize(
    "answer",
    [
        page(200),
        page(200, '{"error": "unexpected endpoint"}', "application/json"),
        page(404, "", "text/plain"),
        page(200, "hello", "text/plain"),
    ],
)
def test_another_server_than_ollama_is_called_so(
    fake: FakeOllama, models: Models, loop: LoopThread, answer: Fault
) -> None:
    fake.fail(answer, path="/api/tags")
    with pytest.raises(errors.NotOllama, match=r"is not Ollama\. Correct OLLAMA_BASE_URL"):
        loop.run(models.read_installed())


def test_listing_says_that_ollama_is_down(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.stop()
    with pytest.raises(errors.OllamaUnreachable):
        loop.run(models.read_installed())


def test_a_model_is_created_from_its_file(
    fake: FakeOllama, models: Models, loop: LoopThread, tmp_path: Path
) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    loop.run(models.create_model("small:1m", file))
    assert models.is_installed("small:1m")
    [body] = fake.bodies("/api/create")
    assert (body["model"], body["files"]) == ("small:1m", {"small.gguf": next(iter(fake.blobs))})
    assert body["parameters"] == embedded_model.PARAMETERS
    assert body["template"] == embedded_model.TEMPLATE


@pytest.mark.parametrize(
    ("template", "closes"),
    [
        ("{{ range .Messages }}{{ .Content }}<|im_end|>{{ end }}", True),
        (embedded_model.TEMPLATE, False),
        ("{{ .Prompt }}{{ .Response }}", False),
        ("", False),
    ],
)
def test_a_template_that_ends_the_last_answer_is_known(
    fake: FakeOllama,
    models: Models,
    loop: LoopThread,
    monkeypatch: pytest.MonkeyPatch,
    template: str,
    closes: bool,
) -> None:
    monkeypatch.setattr(shapes, "TEMPLATE", template)
    (model, *_) = loop.run(models.read_installed())
    assert model.closes_answers is closes


def test_a_model_that_cannot_be_created_says_why(
    fake: FakeOllama, models: Models, loop: LoopThread, tmp_path: Path
) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    fake.fail(Fault("status", error="no space left on device"), path="/api/create")
    with pytest.raises(errors.DiskFull):
        loop.run(models.create_model("small:1m", file))


@pytest.mark.parametrize(
    ("wanted", "default", "chosen"),
    [
        ([], "phi:3b", "phi:3b"),
        (["Library/Qwen"], "phi:3b", "qwen:latest"),
        (["gone:1b", "qwen"], "phi:3b", "qwen:latest"),
        (["gone:1b"], "phi:3b", "phi:3b"),
        (["embedder"], "phi:3b", "phi:3b"),
        ([], "embedder", "phi:3b"),
        ([], "pulled-soon:1b", "pulled-soon:1b"),
        (["gone:1b"], "pulled-soon:1b", "pulled-soon:1b"),
    ],
)
def test_the_first_wanted_model_that_is_here_and_can_chat_is_taken(
    fake: FakeOllama,
    models: Models,
    loop: LoopThread,
    wanted: list[str],
    default: str,
    chosen: str,
) -> None:
    assert models.choose_model(wanted, default) == [*wanted, default][0]
    fake.models = ["qwen:latest", "embedder:latest", "phi:3b"]
    fake.fields = {("/api/show", "embedder:latest"): {"capabilities": ["embedding"]}}
    loop.run(models.read_installed())
    assert models.choose_model(wanted, default) == chosen


def test_models_that_run_elsewhere_are_listed_and_neither_offered_nor_described(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = ["big:cloud", "innocent:latest", "phi:3b"]
    fake.fields = {("/api/tags", "innocent:latest"): {"remote_host": "https://ollama.com:443"}}
    loop.run(models.read_installed())
    assert list_names(models.installed) == ["big:cloud", "innocent:latest", "phi:3b"]
    assert list_names(models.offered) == ["phi:3b"]
    assert [body["model"] for body in fake.bodies("/api/show")] == ["phi:3b"]


def test_a_model_is_unloaded_and_deleted_by_those_who_manage_the_models(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    fake.loaded = ["phi:3b"]
    loop.run(models.unload_model("ann", "phi:3b"))
    assert fake.loaded == []
    loop.run(models.delete_model("ann", "phi:3b"))
    assert fake.models == [DEFAULT_MODEL]
    with pytest.raises(ModelForbidden):
        loop.run(models.delete_model("ann", f"library/{DEFAULT_MODEL}"))
    assert fake.models == [DEFAULT_MODEL]


@pytest.mark.configured(model_managers="nobody")
def test_who_does_not_manage_the_models_neither_unloads_nor_deletes_one(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models, fake.loaded = [DEFAULT_MODEL, "phi:3b"], ["phi:3b"]
    with pytest.raises(ManagersOnly):
        loop.run(models.unload_model("ann", "phi:3b"))
    with pytest.raises(ManagersOnly):
        loop.run(models.delete_model("ann", "phi:3b"))
    assert (fake.models, fake.loaded) == ([DEFAULT_MODEL, "phi:3b"], ["phi:3b"])
