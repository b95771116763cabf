"""The page as a whole: what it opens with, and how it takes a prompt or refuses it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.chat.conversation_content import Draft
from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama
from tests.support.mounting import read_only
from tests.support.pages import Open, ask, list_messages, list_texts


def test_a_prompt_is_answered_and_the_address_names_the_conversation(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.tokens = ["Good", " day"]
    app = ask(open_page(), "Hello")
    assert list_messages(app) == [("user", "Hello"), ("assistant", "Good day")]
    address = app.query_params["c"]
    assert list_messages(open_page(c=address)) == list_messages(app)
    assert not list_messages(open_page("bob", c=address))


@pytest.mark.configured(max_answers=1)
def test_a_busy_chat_refuses_and_gives_the_prompt_back(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.first_token_delay = 60
    app = open_page()
    ready.chat.send_prompt("bob", None, Draft("Hello"), fake.models[0], lambda: True)
    refused(app, "One too many", "1 answer is under way, as many as this chat takes at once.")


@pytest.mark.configured(num_ctx=256)
def test_a_prompt_beyond_the_context_window_comes_back(open_page: Open) -> None:
    refused(open_page(), "long " * 400, "Shorten it, or raise the context window (Settings).")


def test_a_blank_prompt_is_not_sent(open_page: Open, fake: FakeOllama) -> None:
    refused(open_page(), "   ", "The prompt is empty.")
    assert fake.bodies() == []


def test_a_chat_that_is_about_to_stop_gives_the_prompt_back(
    open_page: Open, ready: Services
) -> None:
    app = open_page()
    ready.generations.closed = True
    refused(app, "Too late", "The chat is about to restart.")


def test_a_read_only_history_gives_the_prompt_back(open_page: Open, ready: Services) -> None:
    app = ask(open_page(), "Kept before")
    ready.history.close()
    app.run()  # what reads is open again, what writes is not
    with read_only(ready.settings.data_dir):
        refused(app, "Keep me", "Make DATA_DIR writable for the chat, then try again.")
    ready.history.close()
    assert list_messages(ask(app, "Keep me"))[2] == ("user", "Keep me")


def test_a_refusal_is_gone_after_the_next_prompt(open_page: Open, fake: FakeOllama) -> None:
    app = ask(open_page(), "Hello")
    refused(app, " ", "The prompt is empty.")
    ask(app, "Hello again")
    assert not app.error
    assert [role for role, _ in list_messages(app)] == ["user", "assistant"] * 2


def refused(app: AppTest, prompt: str, sentence: str) -> None:
    """Send a prompt that the page must give back: the reason is shown, the input has it again."""
    before = list_messages(app)
    app.chat_input[0].set_value(prompt).run()
    assert not app.exception
    (error,) = list_texts(app.error)
    assert sentence in error
    box = app.chat_input[0].proto
    assert (box.set_value, box.value) == (True, prompt)
    assert list_messages(app) == before
