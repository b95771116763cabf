"""How full the context window is, and the two cures."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.parameters import Parameters
from chatbot.services import Services
from tests.support.fake_ollama.server import TOO_LONG, FakeOllama
from tests.support.pages import Open, ask, list_plain_texts, list_texts

pytestmark = pytest.mark.configured(num_ctx=1000)


def test_a_window_that_has_room_shows_no_gauge(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 100
    app = ask(open_page(), "Hello")
    assert not app.get("progress") and not app.warning
    assert "108 of 1,000 tokens of context" in app.chat_message[1].caption[0].value


def test_a_full_window_offers_a_larger_one(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 800
    app = ask(open_page(), "Hello")
    assert list_texts(app.warning) == [
        "The context window is nearly full. What is oldest will be left out."
    ]
    (larger,) = (one for one in app.button if one.label == "Raise it to 2,000 tokens")
    larger.click().run()
    ask(app, "More")
    assert fake.bodies()[-1]["options"]["num_ctx"] == 2000


def test_a_full_window_offers_a_summary(open_page: Open, fake: FakeOllama, ready: Services) -> None:
    app = ask(open_page(), "One")
    fake.prompt_tokens = 800
    ask(app, "Two")
    fake.tokens = ["They", " counted."]
    (summary,) = (one for one in app.button if one.label == "Summarize the oldest messages")
    summary.click().run()
    assert not app.exception
    assert "They counted." in [one.value for one in app.text]
    ask(app, "Three")
    assert "They counted." in fake.bodies()[-1]["messages"][0]["content"]
    assert fake.bodies()[-1]["messages"][1]["content"] == "Two"


def test_what_no_longer_fits_is_marked(open_page: Open, fake: FakeOllama) -> None:
    app = ask(open_page(), "First " + "word " * 500)
    ask(app, "Second " + "word " * 400)
    marks = list_texts(open_page(c=app.query_params["c"]).main.caption)
    assert "What stands above no longer fits the context window." in marks


def test_below_a_summary_the_mark_stands_above_the_first_prompt_that_is_sent(
    open_page: Open, fake: FakeOllama
) -> None:
    app = ask(open_page(), "One")
    fake.prompt_tokens = 800
    ask(app, "Two " + "word " * 400)
    _press(app, "Summarize the oldest messages")
    fake.prompt_tokens = None
    ask(app, "Three " + "word " * 250)
    ask(app, "Four " + "word " * 250)
    sent = [message["content"].split()[0] for message in fake.bodies()[-1]["messages"][1:]]
    assert sent[::2] == ["Three", "Four"]
    marks = list_texts(open_page(c=app.query_params["c"]).main.caption)
    assert "What stands above no longer fits the context window." in marks


def _press(app: AppTest, label: str) -> AppTest:
    (button,) = (one for one in app.button if one.label == label)
    return button.click().run()


def test_the_gauge_stands_below_the_last_answer_alone(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 800
    app = ask(ask(open_page(), "One"), "Two")
    assert len(app.warning) == 1
    assert len(app.get("progress")) == 1


def test_after_a_summary_the_gauge_tells_what_the_next_prompt_finds(
    open_page: Open, fake: FakeOllama
) -> None:
    app = ask(open_page(), "First " + "word " * 400)
    ask(app, "Second")
    fake.prompt_tokens = 700
    ask(app, "Third")
    fake.prompt_tokens = 860
    ask(app, "Fourth")
    fake.tokens = ["They", " counted."]
    app = _press(app, "Summarize the oldest messages")
    (gauge,) = app.get("progress")
    assert gauge.proto.text.startswith("Context: about ")
    assert not app.warning


def test_a_prompt_that_is_too_long_can_have_a_larger_window(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.fail(TOO_LONG)
    app = ask(open_page(), "0123456789" * 150)
    assert "context window holds 1,000 with the answer" in list_plain_texts(app.error)[0]
    app = _press(app, "Raise it to 2,000 tokens")
    app = _press(app, "Try again")
    assert fake.bodies()[-1]["options"]["num_ctx"] == 2000
    assert not app.error


def test_an_answer_that_a_full_window_cut_says_so(open_page: Open, fake: FakeOllama) -> None:
    fake.set(prompt_tokens=996, tokens=50)
    app = open_page()
    app.session_state.page_state.settings = ConversationSettings("", Parameters(num_predict=4))
    ask(app, "Hello")
    assert "Cut because the context window was full" in app.chat_message[1].caption[0].value
    assert app.warning


def test_a_prompt_that_ollama_has_cut_says_so(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 1000
    app = ask(open_page(), "Hello")
    assert "Ollama cut off the beginning" in app.chat_message[1].caption[0].value


@pytest.mark.configured(num_ctx=1000, max_num_ctx=1000)
def test_a_window_that_the_operator_has_fixed_is_not_raised(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.prompt_tokens = 800
    app = ask(open_page(), "Hello")
    assert app.warning
    assert not [one for one in app.button if one.label.startswith("Raise")]
