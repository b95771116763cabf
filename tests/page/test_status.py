"""What the page says while the chat gets ready."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.llm import readiness
from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama, error_line, stall
from tests.support.pages import list_plain_texts
from tests.support.product import ROOT, wait_for


@pytest.fixture
def early(services: Services) -> AppTest:
    """The page, not opened yet, of a chat that may not be ready."""
    return AppTest.from_file(ROOT / "chatbot/page/main.py", default_timeout=60)


def test_an_ollama_that_is_not_there_is_said_with_the_cure(
    fake: FakeOllama, services: Services, early: AppTest
) -> None:
    wait_for(lambda: services.readiness.is_ready)
    fake.stop()
    wait_for(lambda: services.readiness.error)
    (warning,) = list_plain_texts(early.run().warning)
    assert f"Ollama does not answer at {fake.url}." in warning
    assert "Start it with `ollama serve`; the chat goes on by itself." in warning
    fake.start()
    wait_for(lambda: services.readiness.is_ready)
    assert not early.run().warning


@pytest.mark.configured(chat_model="qwen3:4b")
def test_the_first_pull_is_shown_with_its_progress(
    fake: FakeOllama, request: pytest.FixtureRequest
) -> None:
    fake.fail(stall(6), path="/api/pull")
    services, early = request.getfixturevalue("services"), request.getfixturevalue("early")
    wait_for(lambda: services.readiness.pull and services.readiness.pull.completed)
    (progress,) = early.run().get("progress")
    assert progress.proto.value == 40
    assert progress.proto.text.startswith(r"qwen3\:4b: 40% of 90 MB")
    assert early.chat_input
    fake.resume()
    wait_for(lambda: services.readiness.is_ready)
    assert not early.run().get("progress")


@pytest.mark.configured(chat_model="qwen3:4b")
def test_a_pull_that_can_never_work_waits_for_a_person(
    fake: FakeOllama, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "MODEL_RETRY_S", 0.02)
    fake.fail(
        error_line(1, "pull model manifest: 412: a newer version of Ollama"), path="/api/pull"
    )
    services, early = request.getfixturevalue("services"), request.getfixturevalue("early")
    wait_for(lambda: services.readiness.error)
    app = early.run()
    assert "qwen3:4b needs a newer Ollama. Update it from" in list_plain_texts(app.warning)[0]
    app.button("pull-wanted").click().run()
    wait_for(lambda: services.readiness.is_ready)
    assert not app.run().warning


@pytest.mark.configured(chat_model="qwen3:4b", model_managers="nobody")
def test_who_does_not_manage_the_models_cannot_have_a_failed_one_pulled_again(
    fake: FakeOllama, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fail(
        error_line(1, "pull model manifest: 412: a newer version of Ollama"), path="/api/pull"
    )
    services, early = request.getfixturevalue("services"), request.getfixturevalue("early")
    wait_for(lambda: services.readiness.error)
    app = early.run()
    assert "qwen3:4b needs a newer Ollama." in list_plain_texts(app.warning)[0]
    assert "pull-wanted" not in [button.key for button in app.button]
