"""What an empty page says and offers."""

from __future__ import annotations

from tests.support.fake_ollama.server import FakeOllama
from tests.support.pages import Open, list_texts


def test_an_empty_page_asks_what_it_can_help_with(open_page: Open) -> None:
    app = open_page()
    assert list_texts(app.title) == ["What can I help with?"]
    assert app.chat_input[0].placeholder == "Ask anything"
    assert not app.chat_message
    assert not app.error and not app.warning and not app.info


def test_starting_prompts_are_offered_and_sent(open_page: Open, fake: FakeOllama) -> None:
    app = open_page()
    (starters,) = app.button_group
    assert len(starters.options) == 4
    starters.select("Give me five ideas for dinner").run()
    app.run()
    assert fake.bodies()[-1]["messages"][-1]["content"] == "Give me five ideas for dinner"
    assert not app.button_group
