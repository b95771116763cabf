"""One prompt and its answer, as the page shows them."""

from __future__ import annotations

import pytest

from chatbot.chat.generation import Generation
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    FakeOllama,
    cut,
)
from tests.support.pages import Open, ask, list_messages


def test_an_answer_that_ended_before_it_was_drawn_is_shown(
    open_page: Open, ready: Services, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.tokens = ["At once"]
    app = ask(open_page(), "The first makes the conversation")
    start = ready.generations.start

    def start_and_wait(generation: Generation) -> Generation:
        start(generation).over.wait()
        return generation

    monkeypatch.setattr(ready.generations, "start", start_and_wait)
    app.chat_input[0].set_value("Hello").run()
    assert list_messages(app)[-2:] == [("user", "Hello"), ("assistant", "At once")]
    assert app.chat_message[-1].caption


def test_what_came_before_a_failure_is_kept(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = ["Half", " an", " answer"]
    fake.fail(cut(2))
    app = ask(open_page(), "Hello")
    assert list_messages(app)[1] == ("assistant", "Half an")
    assert list_messages(open_page(c=app.query_params["c"]))[1] == ("assistant", "Half an")
