"""What stands below an answer: how it ended, its figures, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.chat.conversation_content import Draft
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.statistics import Statistics
from chatbot.page import i18n
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    BUSY,
    CRASHED,
    OUT_OF_MEMORY,
    FakeOllama,
    Fault,
    cut,
    error_line,
    model_missing,
)
from tests.support.pages import (
    Open,
    ask,
    choose_action,
    list_messages,
    list_plain_texts,
    list_texts,
)
from tests.support.product import wait_for


def test_an_answer_ends_with_its_model_tokens_and_speed(open_page: Open, fake: FakeOllama) -> None:
    fake.set(tokens=40, tokens_per_second=200)
    fake.prompt_tokens = 12
    (note,) = list_texts(ask(open_page(), "Hello").chat_message[1].caption)
    model, first, speed, tokens, context, end = note.split(" · ")
    assert (model, end) == (fake.models[0], "complete")
    assert first.startswith("first words after ")
    assert speed.endswith(" tokens/s")
    assert tokens == "12 tokens in, 40 out"
    assert context == "52 of 4,096 tokens of context"


SIGNED_OUT = Fault("status", status=401, error="unauthorized")


def test_what_no_second_try_cures_says_its_cure_and_is_tried_again_with_another_model(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.models = [*fake.models, "qwen3:4b"]
    wait_for(lambda: ready.models.is_installed("qwen3:4b"))
    fake.fail(SIGNED_OUT)
    app = ask(open_page(), "Hello")
    assert "Run `ollama signin` on its machine." in list_texts(app.error)[0]
    assert not [one for one in app.button if one.label == "Try again"]
    app.selectbox[0].set_value("qwen3:4b").run()
    (again,) = (one for one in app.button if one.label == "Try again")
    again.click().run()
    assert not app.run().error
    assert fake.bodies()[-1]["model"] == "qwen3:4b"


@pytest.mark.configured(num_predict=5)
def test_an_answer_cut_at_the_longest_allowed_says_so(open_page: Open) -> None:
    app = ask(open_page(), "Hello")
    assert "Cut at the longest answer allowed (NUM_PREDICT)" in app.chat_message[1].caption[0].value


@pytest.mark.configured(num_ctx=512)
def test_messages_that_no_longer_fit_are_counted(open_page: Open, fake: FakeOllama) -> None:
    app = ask(open_page(), "First " + "word " * 200)
    ask(app, "Second " + "word " * 200)
    assert "The first 2 messages no longer fit" in app.chat_message[3].caption[0].value
    assert [one["role"] for one in fake.bodies()[-1]["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (OUT_OF_MEMORY, "Choose a smaller model or lower NUM_CTX."),
        (CRASHED, "Ollama could not answer. Try again."),
        (error_line(3), "Ollama could not answer. Try again."),
        (cut(3), "The answer broke off before its end."),
    ],
)
def test_a_failed_answer_says_why_and_can_be_had_again(
    open_page: Open, fake: FakeOllama, fault: object, sentence: str
) -> None:
    fake.fail(fault)  # type: ignore[arg-type]
    app = ask(open_page(), "Hello")
    (error,) = list_texts(app.error)
    assert sentence in error
    assert list_messages(app)[0] == ("user", "Hello")
    (again,) = (button for button in app.button if button.label == "Try again")
    again.click().run()
    app.run()
    assert not app.error
    assert len(app.chat_message) == 2
    assert len(list_messages(app)[1][1].split()) == 8


def test_only_the_last_answer_can_be_had_again(open_page: Open, fake: FakeOllama) -> None:
    fake.fail(CRASHED, times=2)
    app = ask(open_page(), "First")
    assert [one.label for one in app.chat_message[1].button] == ["Try again"]
    ask(app, "Second")
    assert [len(one.button) for one in app.chat_message] == [0, 0, 0, 1]
    assert len(app.error) == 2


def test_a_missing_model_can_be_pulled_and_the_prompt_answered(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    model = fake.models[0]
    fake.fail(model_missing(model))
    app = ask(open_page(), "Hello")
    assert list_plain_texts(app.error) == [
        f"The model {model} is not installed. Pull it, or choose another."
    ]
    pull, again = app.chat_message[1].button
    assert (pull.label, again.label) == (f"Pull {model}", "Try again")
    pull.click().run()
    pulling = ready.models.pulls.find_pull(model)
    assert pulling is not None
    while not pulling.is_done:
        app.run()
    app.run()
    assert f"{model} is here now." in list_texts(app.chat_message[1].caption)
    app.chat_message[1].button[0].click().run()
    assert list_messages(app.run())[1][1]


@pytest.mark.configured(pull_models=False)
def test_where_models_come_with_the_deployment_no_pull_is_offered_and_the_page_says_why(
    open_page: Open, fake: FakeOllama
) -> None:
    app = open_page()
    fake.models = []
    ask(app, "Hello")
    (again,) = app.chat_message[1].button
    assert again.label == "Try again"
    assert any("Models come with this" in text for text in list_texts(app.chat_message[1].caption))


def test_a_pull_that_fails_says_why_and_can_be_tried_again(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    model = fake.models[0]
    fake.fail(model_missing(model))
    fake.fail(model_missing(model), path="/api/pull")
    app = ask(open_page(), "Hello")
    app.chat_message[1].button[0].click().run()
    pulling = ready.models.pulls.find_pull(model)
    assert pulling is not None
    while not pulling.is_done:
        app.run()
    app.run()
    assert pulling.error is not None
    assert pulling.error.sentence in list_plain_texts(app.chat_message[1].caption)
    assert app.chat_message[1].button[0].label == f"Pull {model}"


def test_an_answer_cut_off_by_a_crash_says_so(open_page: Open, ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", "m")
    ready.history.finish_answer(exchange.answer.id, content="Half", state="interrupted")
    app = open_page(c=exchange.conversation.id)
    assert list_messages(app) == [("user", "Hello"), ("assistant", "Half")]
    assert list_texts(app.chat_message[1].caption) == ["Cut off by a restart"]


@pytest.mark.configured(max_answers=1, drain_timeout=0)
def test_a_busy_chat_says_so_to_who_tries_again(
    open_page: Open, ready: Services, fake: FakeOllama
) -> None:
    fake.fail(CRASHED)
    app = ask(open_page(), "Hello")
    fake.first_token_delay = 60
    ready.chat.send_prompt("bob", None, Draft("Hello"), fake.models[0], lambda: True)
    app.chat_message[1].button[0].click().run()
    assert any("answer is under way" in text for text in list_texts(app.error))
    assert app.chat_message[1].button[0].label == "Try again"


def test_a_failed_answer_is_told_in_the_language_of_who_opens_it(
    open_page: Open, ready: Services, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fail(model_missing("big*:1b"))
    app = ask(open_page(), "Hello")
    model = ready.settings.chat_model
    assert list_plain_texts(app.error) == [
        f"The model {model} is not installed. Pull it, or choose another."
    ]
    monkeypatch.setattr(i18n, "_language", lambda: "de")
    (conversation,) = ready.history.list_conversations("ann")
    assert list_plain_texts(open_page(c=conversation.id).error) == [
        f"Das Modell {model} ist nicht installiert. Laden Sie es herunter, oder wählen Sie ein "
        "anderes."
    ]


def test_a_failed_answer_from_before_codes_is_told_as_it_stands(
    open_page: Open, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "_language", lambda: "de")
    exchange = ready.history.store_prompt("ann", None, "Hello", ready.settings.chat_model)
    statistics = Statistics(error_code="not_ollama")
    old = replace(exchange.answer, state="failed", error="It *broke*.", statistics=statistics)
    archive = ConversationArchive(exchange.conversation, [exchange.prompt, old])
    (new,) = ready.history.import_archives("ann", [archive])
    app = open_page(c=new)
    assert list_plain_texts(app.error) == ["It *broke*."]
    assert not [button for button in app.button if button.key and button.key.startswith("again-")]


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
    choose_action(app, 0, "again").run()
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
    choose_action(app, 0, "again").run()
    assert said(app) == ["One", "Anew"]
    app.pagination[0].set_value(1).run()
    assert [text for text in said(app.run())[::2]] == ["One", "Two"]


def test_again_while_ollama_is_busy_shows_the_failed_version_and_the_good_one(
    open_page: Open, fake: FakeOllama
) -> None:
    fake.tokens = ["Good"]
    app = ask(open_page(), "Hello")
    fake.fail(BUSY)
    choose_action(app, 0, "again").run()
    assert list_texts(app.error) == ["Ollama has too many requests waiting. Try again in a minute."]
    app.pagination[0].set_value(1).run()
    assert said(app.run()) == ["Hello", "Good"]
