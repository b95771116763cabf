"""How full the context window is, and the two cures."""

from __future__ import annotations

import pytest

from chatbot.services import Services
from tests.fake_ollama import FakeOllama
from tests.page.conftest import Open, ask, texts

pytestmark = pytest.mark.configured(num_ctx=1000)


def test_a_window_that_has_room_shows_no_gauge(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 100
    app = ask(open_page(), "Hello")
    assert not app.get("progress") and not app.warning
    assert "108 of 1,000 tokens of context" in app.chat_message[1].caption[0].value


def test_a_full_window_offers_a_larger_one(open_page: Open, fake: FakeOllama) -> None:
    fake.prompt_tokens = 800
    app = ask(open_page(), "Hello")
    assert texts(app.warning) == [
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
    marks = texts(open_page(c=app.query_params["c"]).main.caption)
    assert "What stands above no longer fits the context window." in marks
