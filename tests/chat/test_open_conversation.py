"""What is shown of a conversation: its messages, their files and versions, what may be done."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot.chat.open_conversation import ShownMessage
from chatbot.domain.attachment import Attachment
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Ending
from chatbot.domain.statistics import Statistics
from chatbot.errors import ChatError, ModelMissing, OllamaRefused, TimedOut
from chatbot.history import History, NotFound
from chatbot.services import Services
from tests.support.exchanges import Send, wait_until_answered
from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.product import LoopThread

PICTURE = Attachment("a.png", "image/png", 5, b"pixel")


def _show_last(ready: Services, exchange: Exchange) -> ShownMessage:
    return ready.chat.open_conversation("ann", exchange.conversation.id).messages[-1]


def test_an_opened_conversation_shows_its_messages_with_versions_and_files(
    ready: Services,
) -> None:
    first = ready.history.store_prompt("ann", None, "Look", DEFAULT_MODEL, files=[PICTURE])
    ready.history.finish_answer(first.answer.id, content="One", state="done")
    again = ready.history.store_retry("ann", first.conversation.id, first.answer.id, "other:1b")
    ready.history.finish_answer(again.answer.id, content="Two", state="done")
    opened = ready.chat.open_conversation("ann", first.conversation.id)
    assert (opened.conversation.title, opened.conversation.model) == ("Look", "other:1b")
    prompt, answer = opened.messages
    assert (prompt.message, prompt.versions) == (first.prompt, ())
    assert [(file.name, file.size, file.is_image) for file in prompt.files] == [("a.png", 5, True)]
    assert answer.message.content == "Two"
    assert answer.versions == [first.answer.id, again.answer.id]
    assert (answer.may_retry, answer.may_continue) == (False, False)


def test_another_user_opens_nothing(ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    with pytest.raises(NotFound):
        ready.chat.open_conversation("eve", exchange.conversation.id)


def test_what_is_opened_reads_no_files(ready: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = ready.history.store_prompt("ann", None, "Look", DEFAULT_MODEL, files=[PICTURE])
    ready.history.finish_answer(
        exchange.answer.id, content="One", state="done", statistics=Statistics(100, 10)
    )
    monkeypatch.setattr(History, "read_attachments", None)
    assert _show_last(ready, exchange).message.content == "One"


@pytest.mark.parametrize(
    ("state", "error", "retry"),
    [
        ("done", None, False),
        ("stopped", None, True),
        ("interrupted", None, True),
        ("failed", TimedOut(count=3), True),
        ("failed", ModelMissing(model="m"), True),
        ("failed", OllamaRefused(words="no"), False),
    ],
)
def test_what_may_pass_can_be_tried_again(
    ready: Services, state: Ending, error: ChatError | None, retry: bool
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    ready.history.finish_answer(exchange.answer.id, content="", state=state, error=error)
    assert _show_last(ready, exchange).may_retry is retry


def test_what_was_refused_can_be_tried_again_with_another_model(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    ready.history.finish_answer(
        exchange.answer.id, content="", state="failed", error=OllamaRefused(words="no")
    )
    fake.models = [DEFAULT_MODEL, "other:1b"]
    loop.run(ready.models.read_installed())
    assert not _show_last(ready, exchange).may_retry
    ready.chat.choose_model("ann", "other:1b", exchange.conversation.id)
    assert _show_last(ready, exchange).may_retry


CUT = Statistics(done_reason="length")
WHOLE = Statistics(done_reason="stop")


@pytest.mark.parametrize(
    ("end", "may_continue"),
    [
        ({"content": "One", "state": "done", "statistics": WHOLE}, False),
        ({"content": "One", "state": "done", "statistics": CUT}, True),
        ({"content": "One", "state": "stopped"}, True),
        ({"content": "One", "state": "interrupted"}, True),
        ({"content": "One", "state": "abandoned"}, True),
        ({"content": "One", "state": "failed", "error": TimedOut(count=3)}, True),
        ({"content": "One", "state": "failed", "error": OllamaRefused(words="no")}, False),
        ({"content": " ", "state": "stopped"}, False),
        ({"content": "", "thinking": "Hm.", "state": "stopped"}, False),
    ],
)
def test_an_answer_that_was_cut_can_go_on(
    ready: Services, end: dict[str, Any], may_continue: bool
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    assert not _show_last(ready, exchange).may_continue
    ready.history.finish_answer(exchange.answer.id, **end)
    assert _show_last(ready, exchange).may_continue is may_continue


def test_only_the_last_answer_can_go_on_or_be_tried_again(ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    ready.history.finish_answer(exchange.answer.id, content="One", state="stopped")
    ready.history.store_prompt("ann", exchange.conversation.id, "More", DEFAULT_MODEL)
    _, answer, *_ = ready.chat.open_conversation("ann", exchange.conversation.id).messages
    assert (answer.may_retry, answer.may_continue) == (False, False)


def test_a_plain_end_is_told_without_the_history(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    shown = _show_last(ready, exchange)
    monkeypatch.setattr(History, "read_branch", None)
    end = ready.chat.describe_end(exchange, shown.message)
    assert (end.answer, end.title, end.usage, end.boundary) == (shown, "Hello", None, None)


def test_an_end_that_something_can_be_done_about_says_so(ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    ready.history.finish_answer(exchange.answer.id, content="One", state="stopped")
    shown = _show_last(ready, exchange)
    assert shown.may_continue and shown.may_retry
    assert ready.chat.describe_end(exchange, shown.message).answer == shown


def test_the_end_of_an_answer_that_is_shown_no_more_is_told_all_the_same(
    ready: Services,
) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    ready.history.finish_answer(exchange.answer.id, content="One", state="stopped")
    message = ready.history.get_message("ann", exchange.answer.id)
    ready.history.store_retry("ann", exchange.conversation.id, message.id, DEFAULT_MODEL)
    assert ready.chat.describe_end(exchange, message).answer.message == message
