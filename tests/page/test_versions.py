"""Answer again and copy: the earlier versions stay reachable, also after a reload."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.support.fake_ollama.server import BUSY, FakeOllama
from tests.support.pages import Open, ask, list_messages, list_texts


def choose(app: AppTest, exchange: int, action: str) -> AppTest:
    """Chooses from the menu below an answer and draws what comes of it."""
    chosen: AppTest = app.menu_button[exchange].click(action).run()
    assert not chosen.exception
    return chosen


def said(app: AppTest) -> list[str]:
    """The texts of all messages."""
    return [text for _, text in list_messages(app)]


def test_an_answer_had_again_is_a_version_beside_the_first(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.tokens = ["First answer"]
    app = ask(open_page(), "Hello")
    assert not app.pagination
    fake.tokens = ["Second answer"]
    choose(app, 0, "again").run()
    assert said(app) == ["Hello", "Second answer"]
    assert app.pagination[0].value == 2
    app.pagination[0].set_value(1).run()
    assert said(app.run()) == ["Hello", "First answer"]
    assert said(open_page(c=app.query_params["c"])) == ["Hello", "First answer"]


def test_a_middle_answer_had_again_keeps_what_followed_reachable(
    open_page: Open, fake: FakeOllama
) -> None:
    app = ask(open_page(), "One")
    ask(app, "Two")
    fake.tokens = ["Anew"]
    choose(app, 0, "again").run()
    assert said(app) == ["One", "Anew"]
    app.pagination[0].set_value(1).run()
    assert [text for text in said(app.run())[::2]] == ["One", "Two"]


def test_an_answer_is_copied_as_markdown(open_page: Open, fake: FakeOllama) -> None:
    fake.tokens = ["**Bold** and `code`"]
    app = choose(ask(open_page(), "Hello"), 0, "copy")
    assert [one.value for one in app.code] == ["**Bold** and `code`"]


def test_again_while_ollama_is_busy_shows_the_failed_version_and_the_good_one(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.tokens = ["Good"]
    app = ask(open_page(), "Hello")
    fake.fail(BUSY)
    choose(app, 0, "again").run()
    assert list_texts(app.error) == ["Ollama has too many requests waiting. Try again in a minute."]
    app.pagination[0].set_value(1).run()
    assert said(app.run()) == ["Hello", "Good"]
