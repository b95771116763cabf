"""The conversations in the sidebar: many, in their order, found, and what is said beside them."""

from __future__ import annotations

import pytest

from chatbot.chat.shares import SEARCHES_PER_MINUTE
from chatbot.history.errors import HistoryUnavailable
from chatbot.identity import visitor_cookie
from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama
from tests.support.pages import (
    Open,
    act_in_sidebar,
    ask,
    list_conversations,
    list_messages,
    open_titled,
    read_sidebar,
    read_transcript,
    store_conversations,
)
from tests.support.product import wait_for
from tests.support.shares import stop_clock


def test_conversations_stand_in_the_order_of_their_last_prompt(open_page: Open) -> None:
    app = ask(open_page(), "About cats")
    app.button("new").click().run()
    assert read_transcript(app)["conversation"] is None
    ask(app, "About dogs")
    assert list_conversations(app) == ["About dogs", "About cats"]
    open_titled(app, "About cats")
    assert list_messages(app)[0] == ("user", "About cats")
    ask(app, "More about cats")
    assert list_conversations(app) == ["About cats", "About dogs"]
    assert list_conversations(open_page()) == ["About cats", "About dogs"]
    assert list_conversations(open_page("bob")) == []


def test_only_the_last_fifty_are_listed_until_more_are_wanted(
    open_page: Open, ready: Services
) -> None:
    store_conversations(ready, "ann", *(f"Number {number}" for number in range(120)))
    app = open_page()
    assert list_conversations(app) == [f"Number {number}" for number in range(119, 69, -1)]
    assert len(list_conversations(act_in_sidebar(app, "more"))) == 100
    assert len(list_conversations(act_in_sidebar(app, "more"))) == 120
    assert not read_sidebar(app)["has_more"]


def test_words_are_found_and_marked(open_page: Open, ready: Services) -> None:
    store_conversations(ready, "ann", "About cats", "About **dogs** and cats")
    store_conversations(ready, "eve", "Cats of Eve")
    app = act_in_sidebar(open_page(), "search", text="cats")
    rows = read_sidebar(app)["rows"]
    assert [row["excerpt"] for row in rows] == [
        [["On About dogs and ", False], ["cats", True]],
        [["On About ", False], ["cats", True]],
    ]
    assert not any(row["period"] for row in rows)
    act_in_sidebar(app, "open", conversation=rows[0]["id"])
    assert list_messages(app)[0][1].startswith("About **dogs**")
    assert read_sidebar(app)["query"] == "cats"
    assert not list_conversations(act_in_sidebar(app, "search", text="horses"))
    assert len(list_conversations(act_in_sidebar(app, "search", text="   "))) == 2


def test_a_conversation_whose_answer_is_written_is_marked_until_its_end(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.first_token_delay = 60
    app = open_page()
    app.chat_input[0].set_value("About cats").run()
    generation = ready.chat.find_generation(read_transcript(app)["writing"])
    assert generation is not None
    app.button("new").click().run()
    assert [row["busy"] for row in read_sidebar(app)["rows"]] == [True]
    ready.chat.stop_generation(generation)
    wait_for(lambda: ready.chat.find_generation(generation.id) is None)
    assert [row["busy"] for row in read_sidebar(app.run())["rows"]] == [False]


def test_a_history_that_cannot_be_read_is_told_and_the_page_stays(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page()

    def fail(*_: object) -> None:
        raise HistoryUnavailable("history_busy")

    monkeypatch.setattr(type(ready.history), "list_conversations", fail)
    app.run()
    assert read_sidebar(app)["error"] == HistoryUnavailable("history_busy").sentence
    assert app.chat_input and not app.exception


def test_a_browser_without_cookies_is_told_that_its_history_ends(open_page: Open) -> None:
    app = ask(open_page(None), "Hello")
    assert "this history ends with the tab" in read_sidebar(app)["note"]
    assert list_conversations(app) == ["Hello"]
    assert "ends with the tab" not in read_sidebar(open_page())["note"]


def test_a_browser_with_a_foreign_cookie_is_told_and_may_start_anew(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor_cookie, "has_foreign_cookie", lambda *_: True)
    told = read_sidebar(open_page(None))
    assert told["note"].startswith("This chat does not know your browser's cookie")
    assert told["can_start_anew"]
    assert told["visitor"]
    monkeypatch.setattr(visitor_cookie, "has_foreign_cookie", lambda *_: False)
    assert not read_sidebar(open_page(None))["can_start_anew"]


@pytest.mark.configured(ollama_service_url="http://127.0.0.1:9")
def test_a_history_in_one_of_several_replicas_is_told(open_page: Open) -> None:
    assert "lives in one replica" in read_sidebar(open_page())["note"]


def test_a_search_too_many_is_told_in_the_list(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch)
    app = open_page()
    for _ in range(SEARCHES_PER_MINUTE):
        ready.shares.take_search(app.session_state.page_state.asker)
    act_in_sidebar(app, "search", text="cats")
    assert read_sidebar(app)["error"].startswith("One visitor may search 120 times a minute.")
