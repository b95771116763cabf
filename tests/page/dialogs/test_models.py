"""The dialog about models: each is described, and can be deleted where models are pulled."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import Open, act_in_sidebar, list_texts


def _open_dialog(app: AppTest) -> AppTest:
    opened = act_in_sidebar(app, "models")
    assert not opened.exception
    return opened


def test_an_installed_model_is_described_and_deleted(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.models = [DEFAULT_MODEL, "phi:3b"]
    app = _open_dialog(open_page())
    assert "**phi:3b**" in list_texts(app.markdown)
    app.button("delete-phi:3b").click().run()
    assert fake.models == [DEFAULT_MODEL]


@pytest.mark.configured(pull_models=False)
def test_where_models_come_with_the_deployment_none_is_deleted(open_page: Open) -> None:
    app = _open_dialog(open_page())
    assert f"**{DEFAULT_MODEL}**" in list_texts(app.markdown)
    assert f"delete-{DEFAULT_MODEL}" not in [button.key for button in app.button]


def test_an_ollama_that_is_down_is_told_in_the_dialog(open_page: Open, fake: FakeOllama) -> None:
    app = open_page()
    fake.stop()
    assert "Ollama does not answer" in list_texts(_open_dialog(app).error)[0]
