"""The sidebar: a visitor's conversations and the choice of a model."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from chatbot.history.errors import HistoryUnavailable
from chatbot.services import Services
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.pages import (
    Open,
    ask,
    find_entry,
    list_conversations,
    list_messages,
    list_plain_texts,
    list_texts,
)
from tests.support.product import wait_for


def title_input(app: AppTest) -> TextInput:
    """The title of the open conversation."""
    (found,) = (one for one in app.text_input if one.label == "Title")
    return found


def test_conversations_stand_in_the_order_of_their_last_prompt(open_page: Open) -> None:
    app = ask(open_page(), "About cats")
    app.button("new").click().run()
    assert not app.chat_message
    ask(app, "About dogs")
    assert list_conversations(app) == ["About dogs", "About cats"]
    find_entry(app, "About cats").click().run()
    assert list_messages(app)[0] == ("user", "About cats")
    ask(app, "More about cats")
    assert list_conversations(app) == ["About cats", "About dogs"]
    assert list_conversations(open_page()) == ["About cats", "About dogs"]
    assert list_conversations(open_page("bob")) == []


def test_a_new_title_is_shown_and_a_blank_one_is_not_taken(open_page: Open) -> None:
    app = ask(open_page(), "About cats")
    title_input(app).set_value("  Felines \n and more ").run()
    assert list_conversations(app) == ["Felines and more"]
    title_input(app).set_value("   ").run()
    assert list_conversations(app) == ["Felines and more"]


def test_a_deleted_conversation_is_gone_everywhere(open_page: Open) -> None:
    app, other = ask(open_page(), "About cats"), open_page()
    address = app.query_params["c"]
    (delete,) = (one for one in app.button if one.label == "Delete this conversation")
    delete.click().run()
    assert not app.chat_message and not list_conversations(app) and "c" not in app.query_params
    assert not list_conversations(other.run())
    assert list_texts(open_page(c=address).error) == [
        "There is no such conversation. Choose one from the list."
    ]


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


QWEN, PHI = "qwen3:4b", "phi:3b"


@pytest.fixture
def three_models(ready: Services, fake: FakeOllama) -> Services:
    """A chat that has two models beside the one of CHAT_MODEL."""
    fake.models = [QWEN, PHI, DEFAULT_MODEL]
    wait_for(lambda: ready.models.is_installed(QWEN))
    return ready


def model_of(app: AppTest) -> object:
    """The model that the sidebar shows, which is the one that is asked."""
    assert not app.exception
    return app.selectbox[0].value


def test_a_choice_stays_over_reload_new_tab_and_new_chat_and_is_the_users_own(
    open_page: Open, three_models: Services
) -> None:
    app = open_page()
    app.selectbox[0].set_value(QWEN).run()
    assert model_of(app) == model_of(open_page()) == QWEN
    assert model_of(open_page("bob")) == DEFAULT_MODEL
    ask(app, "Hello")
    app.button("new").click().run()
    assert model_of(app) == QWEN


def test_a_conversation_has_its_own_model(open_page: Open, three_models: Services) -> None:
    app = open_page()
    app.selectbox[0].set_value(QWEN).run()
    ask(app, "About cats")
    address = app.query_params["c"]
    app.button("new").click().run()
    app.selectbox[0].set_value(PHI).run()
    ask(app, "About dogs")
    find_entry(app, "About cats").click().run()
    assert model_of(app) == model_of(open_page(c=address)) == QWEN
    app.button("new").click().run()
    assert model_of(app) == PHI


def test_a_choice_in_an_open_conversation_stays_there_before_it_is_asked(
    open_page: Open, three_models: Services
) -> None:
    app = ask(open_page(), "About cats")
    app.selectbox[0].set_value(PHI).run()
    assert model_of(open_page(c=app.query_params["c"])) == PHI


def test_a_conversation_whose_model_is_gone_says_so_and_the_choice_stays(
    open_page: Open, three_models: Services, fake: FakeOllama
) -> None:
    app = open_page()
    app.selectbox[0].set_value(QWEN).run()
    ask(app, "About cats")
    app.button("new").click().run()
    app.selectbox[0].set_value(PHI).run()
    fake.models = [PHI, DEFAULT_MODEL]
    wait_for(lambda: not three_models.models.is_installed(QWEN))
    find_entry(app, "About cats").click().run()
    assert model_of(app) == PHI
    assert "qwen3:4b is not here; phi:3b answers instead." in list_plain_texts(app.sidebar.caption)
    app.selectbox[0].set_value(DEFAULT_MODEL).run()
    assert not any("is not here" in text for text in list_texts(app.sidebar.caption))


def test_a_chosen_model_that_is_gone_gives_way_to_the_default_one_and_says_so(
    open_page: Open, three_models: Services, fake: FakeOllama
) -> None:
    open_page().selectbox[0].set_value(QWEN).run()
    fake.models = [DEFAULT_MODEL]
    wait_for(lambda: not three_models.models.is_installed(QWEN))
    app = open_page()
    assert model_of(app) == DEFAULT_MODEL
    assert "qwen3:4b is not here; SmolLM2 135M, embedded answers instead." in list_plain_texts(
        app.sidebar.caption
    )
    fake.models = [QWEN, DEFAULT_MODEL]
    wait_for(lambda: three_models.models.is_installed(QWEN))
    assert model_of(open_page()) == QWEN


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
