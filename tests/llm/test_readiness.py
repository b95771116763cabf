"""From "waiting for Ollama" to "ready", and back again when Ollama or the model is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot import errors, memory_limit
from chatbot.llm import readiness as module
from chatbot.llm.models import list_names
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    OUT_OF_MEMORY,
    FakeOllama,
    Fault,
    error_line,
    stall,
)
from tests.support.product import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat looks around more often than it would."""
    monkeypatch.setattr(module, "LOOK_READY_S", 0.02)
    monkeypatch.setattr(module, "MODEL_RETRY_S", 0.02)


@pytest.fixture
def down(fake: FakeOllama) -> FakeOllama:
    """A fake Ollama that does not listen yet."""
    fake.stop()
    return fake


@pytest.fixture
def empty(fake: FakeOllama) -> FakeOllama:
    """A fake Ollama without a model."""
    fake.models = []
    return fake


def test_a_model_that_is_installed_is_loaded_before_the_chat_is_ready(
    fake: FakeOllama, ready: Services
) -> None:
    assert fake.loaded == [DEFAULT_MODEL]
    assert str(ready.readiness.notice) == "Ready"
    assert list_names(ready.models.installed) == [DEFAULT_MODEL]


def test_the_chat_waits_for_ollama_and_says_so(down: FakeOllama, services: Services) -> None:
    found = services.readiness
    wait_for(lambda: found.error)
    assert (found.step, found.is_ready, found.is_progressing) == ("ollama", False, False)
    assert str(found.notice) == (
        f"Ollama does not answer at {down.url}. "
        "Start it with `ollama serve`; the chat goes on by itself."
    )
    down.start()
    wait_for(lambda: found.is_ready)
    assert found.error is None


def test_a_lost_ollama_is_noticed_found_again_and_given_its_model_back(
    fake: FakeOllama, ready: Services
) -> None:
    fake.stop()
    wait_for(lambda: not ready.readiness.is_ready)
    assert ready.readiness.step == "ollama"
    fake.loaded = []
    fake.start()
    wait_for(lambda: ready.readiness.is_ready)
    assert fake.loaded == [DEFAULT_MODEL]


@pytest.mark.configured(chat_model="big:1b")
def test_a_missing_model_is_pulled_and_the_progress_can_be_seen(
    fake: FakeOllama, services: Services
) -> None:
    fake.pull_layers = [100, 300]
    fake.fail(stall(14), path="/api/pull")
    found = services.readiness
    wait_for(lambda: found.pull and found.pull.completed == 130)
    assert (found.step, str(found.notice)) == ("model", "Getting the model big:1b")
    fake.resume()
    wait_for(lambda: found.is_ready)
    assert fake.loaded == ["big:1b"]


@pytest.mark.configured(embedded_model=Path(__file__))  # the fake takes any file
def test_the_embedded_model_is_made_from_its_file_and_not_pulled(
    empty: FakeOllama, ready: Services
) -> None:
    assert empty.models == [DEFAULT_MODEL]
    assert [body["model"] for body in empty.bodies("/api/create")] == [DEFAULT_MODEL]
    assert not empty.bodies("/api/pull")


@pytest.mark.configured(embedded_model=Path("/nowhere/small.gguf"))
def test_without_its_file_the_embedded_model_is_pulled(empty: FakeOllama, ready: Services) -> None:
    assert empty.bodies("/api/pull")


@pytest.mark.configured(embedded_model=Path(__file__), chat_model="big:1b")
def test_another_model_is_never_made_from_the_embedded_ones_file(
    fake: FakeOllama, ready: Services
) -> None:
    assert not fake.bodies("/api/create")
    assert fake.loaded == ["big:1b"]


@pytest.mark.configured(pull_models=False, chat_model="mistyped:1b")
def test_where_models_come_with_the_deployment_none_is_pulled_and_the_missing_one_is_named(
    fake: FakeOllama, services: Services
) -> None:
    found = services.readiness
    wait_for(lambda: found.error)
    assert (found.step, found.is_ready) == ("model", False)
    assert str(found.notice).startswith("The model mistyped:1b did not come with this deployment")
    assert not fake.bodies("/api/pull")


SPELLINGS = ["Library/SmolLM2:135M-instruct-q4_1", f"registry.ollama.ai/library/{DEFAULT_MODEL}"]


@pytest.mark.parametrize(
    "spelling",
    [pytest.param(name, marks=pytest.mark.configured(chat_model=name)) for name in SPELLINGS],
)
def test_another_name_of_an_installed_model_is_ready_without_a_pull(
    fake: FakeOllama, ready: Services, spelling: str
) -> None:
    assert fake.loaded == [DEFAULT_MODEL]
    assert not fake.bodies("/api/pull")


@pytest.mark.configured(chat_model=SPELLINGS[0], embedded_model=Path(__file__))
def test_the_embedded_model_is_made_under_every_name_that_means_it(
    empty: FakeOllama, ready: Services
) -> None:
    assert empty.bodies("/api/create")
    assert not empty.bodies("/api/pull")


@pytest.mark.configured(chat_model="private:1b")
def test_a_pull_that_can_never_work_is_tried_once_and_again_when_somebody_asks(
    fake: FakeOllama, services: Services
) -> None:
    fake.fail(
        error_line(1, "pull model manifest: 412: a newer version of Ollama"), path="/api/pull"
    )
    found = services.readiness
    wait_for(lambda: found.error)
    assert str(found.notice).startswith("private:1b needs a newer Ollama.")
    looks = len(fake.requests)
    fake.wait_for(lambda one: len(one.requests) > looks + 5)
    assert len(fake.bodies("/api/pull")) == 1
    services.models.pulls.start_pull("ann", "private:1b")
    wait_for(lambda: found.is_ready)


@pytest.mark.configured(chat_model="private:1b")
def test_a_pull_that_could_not_work_is_tried_with_the_next_ollama(
    fake: FakeOllama, services: Services
) -> None:
    fake.fail(
        error_line(1, "pull model manifest: 412: a newer version of Ollama"), path="/api/pull"
    )
    wait_for(lambda: services.readiness.error)
    fake.stop()
    wait_for(lambda: services.readiness.step == "ollama")
    fake.start()
    wait_for(lambda: services.readiness.is_ready)


@pytest.mark.configured(chat_model="big:1b")
def test_a_pull_that_failed_is_progress_again_when_it_brings_bytes(
    fake: FakeOllama, services: Services
) -> None:
    fake.fail(error_line(1, "no space left on device"), path="/api/pull")
    fake.fail(stall(1), path="/api/pull")
    found = services.readiness
    wait_for(lambda: len(fake.bodies("/api/pull")) == 2)
    assert not found.is_progressing
    fake.fail(stall(6), path="/api/pull")
    services.models.pulls.cancel_pull("ann", "big:1b")
    wait_for(lambda: found.pull and found.pull.completed)
    assert found.is_progressing
    fake.resume()
    wait_for(lambda: found.is_ready)
    assert not found.is_progressing


@pytest.mark.configured(chat_model="embedder")
def test_a_wanted_model_that_cannot_chat_is_told(fake: FakeOllama, services: Services) -> None:
    fake.fields = {("/api/show", "embedder:latest"): {"capabilities": ["embedding"]}}
    found = services.readiness
    wait_for(lambda: found.error)
    assert (found.step, found.is_ready) == ("model", False)
    assert str(found.notice).startswith("The model embedder cannot chat: ")
    assert "embedder:latest" not in fake.loaded


@pytest.mark.configured(chat_model="big:cloud")
def test_a_wanted_model_that_runs_elsewhere_is_told_and_not_asked(
    fake: FakeOllama, services: Services
) -> None:
    fake.models = ["big:cloud"]
    found = services.readiness
    wait_for(lambda: found.error)
    assert (found.step, found.is_ready) == ("model", False)
    assert str(found.notice).startswith("big:cloud does not run here: ")
    assert not fake.bodies("/api/generate")


@pytest.mark.configured(allow_cloud_models=True)
@pytest.mark.parametrize("fields", [{"model_info": None}, {"model_info": ..., "details": None}])
def test_one_model_that_is_described_oddly_keeps_nobody_waiting(
    fake: FakeOllama, request: pytest.FixtureRequest, fields: dict[str, object]
) -> None:
    fake.models = [DEFAULT_MODEL, "big:cloud"]
    fake.loaded = ["big:cloud"]
    fake.fields = {
        ("/api/show", "big:cloud"): fields,
        ("/api/ps", "big:cloud"): {"expires_at": "", "size": None},
    }
    ready = request.getfixturevalue("ready")
    assert list_names(ready.models.installed) == ["big:cloud", DEFAULT_MODEL]


def _no_space(fake: FakeOllama) -> None:
    fake.models = []
    fake.fail(error_line(5, "no space left on device"), times=3, path="/api/pull")


def _no_memory(fake: FakeOllama) -> None:
    fake.fail(OUT_OF_MEMORY, times=3, path="/api/generate")


@pytest.mark.parametrize(
    ("prepare", "step", "kind"),
    [(_no_space, "model", errors.DiskFull), (_no_memory, "load", errors.OutOfMemory)],
)
def test_what_keeps_the_model_away_is_told_and_tried_again(
    fake: FakeOllama,
    request: pytest.FixtureRequest,
    prepare: object,
    step: str,
    kind: type[errors.ChatError],
) -> None:
    assert callable(prepare)
    prepare(fake)
    services: Services = request.getfixturevalue("services")
    error = wait_for(lambda: services.readiness.error)
    assert services.readiness.step == step
    assert type(error) is kind
    assert str(services.readiness.notice) == error.sentence
    wait_for(lambda: services.readiness.is_ready)
    assert (str(services.readiness.notice), services.readiness.error) == ("Ready", None)


def test_a_model_larger_than_the_containers_memory_is_not_loaded_and_the_cure_is_told(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(memory_limit, "available_bytes", lambda: 50_000_000)
    services: Services = request.getfixturevalue("services")
    wait_for(lambda: services.readiness.error)
    assert services.readiness.step == "load"
    assert str(services.readiness.notice) == (
        f"Not enough memory for {DEFAULT_MODEL}: it needs about 198 MB, and the container has "
        "50 MB left. Give it more or choose a smaller model."
    )
    assert not fake.loaded
    monkeypatch.setattr(memory_limit, "available_bytes", lambda: None)
    wait_for(lambda: services.readiness.is_ready)


def test_a_model_that_is_in_memory_already_needs_no_more_of_it(
    fake: FakeOllama, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_limit, "available_bytes", lambda: 50_000_000)
    fake.stop()
    wait_for(lambda: not ready.readiness.is_ready)
    fake.start()
    wait_for(lambda: ready.readiness.is_ready)


def test_a_model_that_is_deleted_is_provided_again(fake: FakeOllama, ready: Services) -> None:
    fake.models = []
    wait_for(lambda: fake.bodies("/api/pull"))
    wait_for(lambda: ready.readiness.is_ready)
    assert fake.models == [DEFAULT_MODEL]


def test_a_passing_trouble_while_ready_is_forgotten(fake: FakeOllama, ready: Services) -> None:
    fake.fail(Fault("status"), path="/api/tags")
    wait_for(lambda: ready.readiness.error)
    wait_for(lambda: ready.readiness.error is None)
    assert (ready.readiness.step, str(ready.readiness.notice)) == ("ready", "Ready")


def test_models_pulled_elsewhere_appear_by_themselves(fake: FakeOllama, ready: Services) -> None:
    fake.models = [*fake.models, "qwen:latest"]
    wait_for(lambda: ready.models.is_installed("qwen"))
