"""What a tab keeps: the open conversation, the model that answers, a refused prompt's files."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from chatbot.identity.users import User
from chatbot.page.state import PageState
from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import (
    NOTE,
    Open,
    SessionState,
    ask,
    choose_model,
    list_texts,
    open_titled,
    read_header,
)
from tests.support.product import wait_for


def test_an_unknown_conversation_is_said_to_be_none_of_yours(open_page: Open) -> None:
    app = open_page(c="no-such-id")
    assert list_texts(app.error) == ["There is no such conversation. Choose one from the list."]
    assert "c" not in app.query_params


def test_a_suggestion_that_is_refused_leaves_the_held_files(
    monkeypatch: pytest.MonkeyPatch, ready: Services
) -> None:
    monkeypatch.setattr(st, "session_state", SessionState({}))
    state = PageState(ready, User("ann", "browser"), held_files=[NOTE])
    state.hold_prompt("Draft a friendly reminder by e-mail", [])
    assert state.held_files == [NOTE]


QWEN, PHI = "qwen3:4b", "phi:3b"


@pytest.fixture
def three_models(ready: Services, fake: FakeOllama) -> Services:
    """A chat that has two models beside the one of CHAT_MODEL."""
    fake.models = [QWEN, PHI, DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed(QWEN))
    return ready


def model_of(app: AppTest) -> object:
    """The model that the page's head shows, which is the one that is asked."""
    assert not app.exception
    return read_header(app)["model"]


def test_a_choice_stays_over_reload_new_tab_and_new_chat_and_is_the_users_own(
    open_page: Open, three_models: Services
) -> None:
    app = open_page()
    choose_model(app, QWEN)
    assert model_of(app) == model_of(open_page()) == QWEN
    assert model_of(open_page("bob")) == DEFAULT_MODEL
    ask(app, "Hello")
    app.button("new").click().run()
    assert model_of(app) == QWEN


def test_a_conversation_has_its_own_model(open_page: Open, three_models: Services) -> None:
    app = open_page()
    choose_model(app, QWEN)
    ask(app, "About cats")
    address = app.query_params["c"]
    app.button("new").click().run()
    choose_model(app, PHI)
    ask(app, "About dogs")
    open_titled(app, "About cats")
    assert model_of(app) == model_of(open_page(c=address)) == QWEN
    app.button("new").click().run()
    assert model_of(app) == PHI


def test_a_choice_in_an_open_conversation_stays_there_before_it_is_asked(
    open_page: Open, three_models: Services
) -> None:
    app = ask(open_page(), "About cats")
    choose_model(app, PHI)
    assert model_of(open_page(c=app.query_params["c"])) == PHI


def test_a_conversation_whose_model_is_gone_says_so_and_the_choice_stays(
    open_page: Open, three_models: Services, fake: FakeOllama
) -> None:
    app = open_page()
    choose_model(app, QWEN)
    ask(app, "About cats")
    app.button("new").click().run()
    choose_model(app, PHI)
    fake.models = [PHI, DEFAULT_MODEL]
    wait_for(lambda: not three_models.models.is_installed(QWEN))
    open_titled(app, "About cats")
    assert model_of(app) == PHI
    assert read_header(app)["missing"] == "qwen3:4b is not here; phi:3b answers instead."
    choose_model(app, DEFAULT_MODEL)
    assert not read_header(app)["missing"]


def test_a_chosen_model_that_is_gone_gives_way_to_the_default_one_and_says_so(
    open_page: Open, three_models: Services, fake: FakeOllama
) -> None:
    choose_model(open_page(), QWEN)
    fake.models = [DEFAULT_MODEL]
    wait_for(lambda: not three_models.models.is_installed(QWEN))
    app = open_page()
    assert model_of(app) == DEFAULT_MODEL
    assert read_header(app)["missing"] == (
        "qwen3:4b is not here; SmolLM2 135M, embedded answers instead."
    )
    fake.models = [QWEN, DEFAULT_MODEL]
    wait_for(lambda: three_models.models.is_installed(QWEN))
    assert model_of(open_page()) == QWEN
