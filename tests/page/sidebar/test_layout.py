"""The sidebar: a visitor's conversations and the choice of a model."""

from __future__ import annotations

import pytest

from chatbot.history.errors import HistoryUnavailable
from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import (
    Open,
    ask,
    find_button,
    list_conversations,
    list_messages,
    list_texts,
    read_transcript,
)
from tests.support.product import wait_for


def test_conversations_stand_in_the_order_of_their_last_prompt(open_page: Open) -> None:
    app = ask(open_page(), "About cats")
    app.button("new").click().run()
    assert read_transcript(app)["conversation"] is None
    ask(app, "About dogs")
    assert list_conversations(app) == ["About dogs", "About cats"]
    find_button(app, "About cats").click().run()
    assert list_messages(app)[0] == ("user", "About cats")
    ask(app, "More about cats")
    assert list_conversations(app) == ["About cats", "About dogs"]
    assert list_conversations(open_page()) == ["About cats", "About dogs"]
    assert list_conversations(open_page("bob")) == []


def test_a_conversation_deleted_in_another_tab_says_so(open_page: Open, ready: Services) -> None:
    app = ask(open_page(), "About cats")
    ready.history.delete_conversation("ann", app.query_params["c"])
    app.chat_input[0].set_value("Still there?").run()
    (error,) = list_texts(app.error)
    assert "There is no such conversation" in error
    assert not app.exception


def test_a_history_that_cannot_be_read_is_told_and_the_page_stays(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page()

    def fail(user_id: str) -> None:
        raise HistoryUnavailable("history_busy")

    monkeypatch.setattr(
        type(ready.history), "list_conversations", lambda _, user_id, most: fail(user_id)
    )
    app.run()
    assert list_texts(app.sidebar.error) == [HistoryUnavailable("history_busy").sentence]
    assert app.chat_input and not app.exception


def test_a_browser_without_cookies_is_told_that_its_history_ends(open_page: Open) -> None:
    app = ask(open_page(None), "Hello")
    assert any("this history ends with the tab" in text for text in list_texts(app.sidebar.caption))
    assert list_conversations(app) == ["Hello"]
    assert not any("ends with the tab" in text for text in list_texts(open_page().sidebar.caption))


@pytest.mark.configured(ollama_service_url="http://127.0.0.1:9")
def test_a_history_in_one_of_several_replicas_is_told(open_page: Open) -> None:
    assert any("lives in one replica" in text for text in list_texts(open_page().sidebar.caption))


def test_the_models_are_those_that_are_installed(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.models = ["qwen3:4b", DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed("qwen3:4b"))
    app = open_page()
    assert app.selectbox[0].options == ["qwen3:4b", "SmolLM2 135M, embedded"]
    assert app.selectbox[0].value == DEFAULT_MODEL
    assert any("often wrong" in text for text in list_texts(app.sidebar.caption))
    app.selectbox[0].set_value("qwen3:4b").run()
    assert not any("often wrong" in text for text in list_texts(app.sidebar.caption))
    ask(app, "Hello")
    assert fake.bodies()[-1]["model"] == "qwen3:4b"


def test_an_embedding_model_is_not_offered(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.fields = {("/api/show", "embedder:latest"): {"capabilities": ["embedding"]}}
    fake.models = ["embedder:latest", DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed("embedder"))
    assert open_page().selectbox[0].options == ["SmolLM2 135M, embedded"]


@pytest.mark.configured(chat_model=f"registry.ollama.ai/library/{DEFAULT_MODEL}")
def test_another_name_in_chat_model_is_the_same_model_in_the_list(open_page: Open) -> None:
    app = open_page()
    assert app.selectbox[0].options == ["SmolLM2 135M, embedded"]
    assert any("often wrong" in text for text in list_texts(app.sidebar.caption))


@pytest.mark.configured(chat_model="qwen3:4b")
def test_a_chosen_model_that_is_gone_stays_chosen(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    app = open_page()
    ready.models.installed = []
    app.run()
    assert app.selectbox[0].value == "qwen3:4b"
    assert not app.exception
