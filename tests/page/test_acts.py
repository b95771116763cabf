"""What a person does in the transcript."""

from __future__ import annotations

import pytest

from chatbot.services import Services
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.pages import (
    NOTE,
    Open,
    act,
    ask,
    list_messages,
    list_texts,
    read_header,
    read_transcript,
)
from tests.support.product import wait_for


def test_a_starter_is_sent(open_page: Open) -> None:
    app = act(open_page(), "send", text="Explain how a rainbow forms")
    assert list_messages(app)[0] == ("user", "Explain how a rainbow forms")
    assert app.query_params["c"] == read_transcript(app)["conversation"]


def test_an_answer_is_had_again_and_the_other_one_is_shown_again(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.tokens = ["First"]
    app = ask(open_page(), "Hello")
    first = read_transcript(app)["writing"] or _last_id(app)
    fake.tokens = ["Second"]
    before = read_transcript(app)["revision"]
    act(app, "again", message=first)
    assert list_messages(app) == [("user", "Hello"), ("assistant", "Second")]
    assert read_transcript(app)["revision"] > before
    act(app, "show", message=first)
    assert list_messages(app) == [("user", "Hello"), ("assistant", "First")]


def test_an_edited_prompt_keeps_its_files_and_what_stands_above_it(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Read this", "m", files=[NOTE])
    ready.history.finish_answer(exchange.answer.id, content="Done", state="done")
    app = open_page(c=exchange.conversation.id)
    act(app, "edit", message=exchange.prompt.id, text="Read it well")
    assert list_messages(app)[0] == ("user", "Read it well")
    assert "Text of the note" in fake.bodies()[-1]["messages"][-1]["content"]
    assert len(list_messages(app)) == 2


def test_an_answer_that_was_stopped_goes_on(open_page: Open, ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Count", ready.settings.chat_model)
    ready.history.finish_answer(exchange.answer.id, content="One two", state="stopped")
    app = act(open_page(c=exchange.conversation.id), "continue", message=exchange.answer.id)
    assert not app.error
    assert list_messages(app)[1][1].startswith("One two")
    assert len(list_messages(app)[1][1]) > len("One two")


def test_an_exchange_is_deleted_and_with_the_last_one_the_conversation(
    open_page: Open, ready: Services
) -> None:
    app = ask(ask(open_page(), "First"), "Second")
    first, _, second, _ = ready.history.list_messages("ann", app.query_params["c"])
    act(app, "delete", message=second.id)
    assert [text for role, text in list_messages(app) if role == "user"] == ["First"]
    act(app, "delete", message=first.id)
    assert not app.error and not list_messages(app) and "c" not in app.query_params


def test_a_larger_window_is_kept(open_page: Open, ready: Services) -> None:
    app = ask(open_page(), "Hello")
    act(app, "raise", num_ctx=8192)
    stored = ready.chat.find_conversation("ann", app.query_params["c"])
    assert stored.parameters.num_ctx == 8192


def test_a_summary_stands_for_the_oldest_messages(open_page: Open, ready: Services) -> None:
    app = ask(ask(open_page(), "One"), "Two")
    before = read_transcript(app)["revision"]
    act(app, "summarize", model=ready.settings.chat_model)
    assert ready.chat.find_conversation("ann", app.query_params["c"]).summary is not None
    assert read_transcript(app)["revision"] > before


def test_another_model_is_used(open_page: Open) -> None:
    app = act(open_page(), "use", model="qwen3:4b")
    assert read_header(app)["model"] == "qwen3:4b"


def test_a_pull_begins_and_its_dialog_shows_it(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.fail(stall(3), path="/api/pull")
    app = open_page()
    act(app, "pull", model="phi:3b")
    pull = ready.models.pulls.find_pull("phi:3b")
    assert pull is not None
    fake.resume()
    wait_for(lambda: pull.is_done)


def test_an_act_that_is_refused_says_why(open_page: Open) -> None:
    app = act(ask(open_page(), "Hello"), "again", message="no-such-id")
    assert list_texts(app.error) == ["There is no such conversation. Choose one from the list."]


def test_the_next_act_takes_the_reason_away(open_page: Open) -> None:
    app = act(ask(open_page(), "Hello"), "again", message="no-such-id")
    act(app, "refresh")
    assert not app.error


def _last_id(app: object) -> str:
    state = app.session_state.page_state  # type: ignore[attr-defined]
    return str(state.conversation.head_id)


@pytest.mark.configured(model_managers="nobody")
def test_a_pull_that_is_not_offered_is_not_begun_either(open_page: Open, fake: FakeOllama) -> None:
    app = act(open_page(), "pull", model="phi:3b")
    assert "Only those who manage this chat" in list_texts(app.error)[0]
    assert not fake.bodies("/api/pull")


@pytest.mark.parametrize("num_ctx", [-5, 0, 10**12])
def test_a_window_that_is_not_allowed_is_not_taken(open_page: Open, num_ctx: int) -> None:
    app = act(open_page(), "raise", num_ctx=num_ctx)
    assert "Context window is" in list_texts(app.error)[0]
    assert app.session_state.page_state.settings.parameters.num_ctx is None
