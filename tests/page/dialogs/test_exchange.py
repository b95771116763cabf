"""The dialogs about one exchange."""

from __future__ import annotations

from tests.support.fake_ollama.server import FakeOllama
from tests.support.pages import Open, ask, choose_action


def test_an_answer_is_copied_as_markdown(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = ["**Bold** and `code`"]
    app = choose_action(ask(open_page(), "Hello"), 0, "copy")
    assert [one.value for one in app.code] == ["**Bold** and `code`"]
