"""What the page hands the transcript in the browser."""

from __future__ import annotations

import pytest

from chatbot.identity.users import User
from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama
from tests.support.pages import Open, ask, read_transcript, store_conversations, wait_for_answer
from tests.support.product import wait_for


def test_an_empty_page_has_no_conversation(open_page: Open) -> None:
    assert read_transcript(open_page()) | {"revision": 0} == {
        "conversation": None,
        "revision": 0,
        "writing": None,
        "visitor": "",
        "models": {"small": True},
    }


def test_a_later_prompt_changes_nothing_but_the_answer_that_is_written(open_page: Open) -> None:
    app = ask(open_page(), "Hello")
    before = read_transcript(app)
    app.chat_input[0].set_value("And now?").run()
    after = read_transcript(app)
    wait_for_answer(app)
    assert after["writing"] not in (None, before["writing"])
    assert after | {"writing": before["writing"]} == before


def test_what_another_tab_has_added_is_read_again(open_page: Open) -> None:
    first = ask(open_page(), "Hello")
    second = open_page(c=first.query_params["c"])
    before = read_transcript(second)["revision"]
    ask(first, "From the first tab")
    seen = read_transcript(first)["revision"]
    second.chat_input[0].set_value("From the second").run()
    assert read_transcript(second)["revision"] == before + 1
    wait_for_answer(second)
    assert read_transcript(first.run())["revision"] == seen + 1


def test_a_tab_that_opens_a_conversation_waits_for_its_answer(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.first_token_delay = 60
    app = open_page()
    app.chat_input[0].set_value("Hello").run()
    other = open_page(c=app.query_params["c"])
    writing = read_transcript(other)["writing"]
    assert writing == read_transcript(app)["writing"]
    (generation,) = filter(None, [ready.chat.find_generation(writing)])
    assert other.session_state.page_state.is_watched in generation.watchers
    ready.chat.stop_generation(generation)
    wait_for(generation.over.is_set)


@pytest.mark.parametrize("visitor", [None, "ann"], ids=["no cookies", "cookies"])
def test_a_browser_without_cookies_gets_what_names_it(
    open_page: Open, ready: Services, visitor: str | None
) -> None:
    app = open_page(visitor)
    user: User = app.session_state.page_state.user
    credential = read_transcript(app)["visitor"]
    assert bool(credential) == (visitor is None)
    assert credential in ("", ready.users.sign_visitor_id(user.user_id))


def test_only_the_embedded_model_is_a_small_one(open_page: Open, fake: FakeOllama) -> None:
    app = open_page()
    app.session_state.page_state.choose_model("qwen3:4b")
    assert read_transcript(app.run())["models"] == {"small": False}


def test_an_open_conversation_is_named_in_the_data(open_page: Open, ready: Services) -> None:
    (conversation,) = store_conversations(ready, "ann", "About cats")
    assert read_transcript(open_page(c=conversation))["conversation"] == conversation
