"""The dialog about models: each is described, and can be deleted where models are pulled."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.page.dialogs import models
from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama, stall
from tests.support.pages import Open, act_in_sidebar, list_plain_texts, list_texts, read_header
from tests.support.product import wait_for


def _open_dialog(app: AppTest) -> AppTest:
    opened = act_in_sidebar(app, "models")
    assert not opened.exception
    return opened


def test_an_installed_model_is_described_and_deleted(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    app = _open_dialog(open_page())
    assert r"**phi\:3b**" in list_texts(app.markdown)
    app.button("delete-phi:3b").click().run()
    assert fake.models == [DEFAULT_MODEL]


@pytest.mark.configured(pull_models=False)
def test_where_models_come_with_the_deployment_none_is_deleted(open_page: Open) -> None:
    app = _open_dialog(open_page())
    assert r"**SmolLM2 135M\, embedded**" in list_texts(app.markdown)
    assert f"delete-{DEFAULT_MODEL}" not in [button.key for button in app.button]


def test_a_model_of_the_list_is_used(open_page: Open, fake: FakeOllama) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    app = _open_dialog(open_page())
    app.button("use-phi:3b").click().run()
    assert read_header(app)["model"] == "phi:3b"


def test_a_suggested_model_is_pulled(
    open_page: Open, fake: FakeOllama, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "find_memory", lambda: 4_000_000_000)
    fake.fail(stall(3), path="/api/pull")
    app = _open_dialog(open_page())
    app.button("suggested-qwen3:4b").click().run()
    pull = ready.models.pulls.find_pull("qwen3:4b")
    assert pull is not None
    fake.resume()
    wait_for(lambda: pull.is_done)


def test_an_ollama_that_is_down_is_told_in_the_dialog(open_page: Open, fake: FakeOllama) -> None:
    app = open_page()
    fake.stop()
    assert "Ollama does not answer" in list_texts(_open_dialog(app).error)[0]


@pytest.mark.configured(bind_host="0.0.0.0")
def test_who_does_not_manage_the_models_only_chooses_among_them(
    open_page: Open, fake: FakeOllama, ready: Services
) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    fake.loaded = ["phi:3b"]
    app = _open_dialog(open_page())
    keys = [button.key or "" for button in app.button]
    assert "use-phi:3b" in keys
    assert not [key for key in keys if key.startswith(("unload", "delete", "suggested", "pull"))]
    assert models.PULLED not in [field.key for field in app.text_input]
    assert "Whoever runs this chat chooses its models." in list_texts(app.caption)


def test_the_chats_own_model_is_not_offered_for_deletion(
    open_page: Open, fake: FakeOllama, ready: Services
) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    keys = [button.key for button in _open_dialog(open_page()).button]
    assert "delete-phi:3b" in keys
    assert f"delete-{DEFAULT_MODEL}" not in keys


def test_a_model_that_may_not_be_pulled_is_told_in_the_dialog(
    open_page: Open, fake: FakeOllama
) -> None:
    app = open_page()
    app.session_state[models.PULLED] = "10.0.0.7:80/ann/model"
    app = _open_dialog(app)
    app.session_state.page_state.open_dialog("models")  # it stays: in a browser it is a fragment
    app.button("pull-named").click().run()
    assert any("gets no model from 10" in text for text in list_plain_texts(app.caption))
    assert not fake.bodies("/api/pull")
