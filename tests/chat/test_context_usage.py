"""How full the context window is, where what the model sees begins, and the two cures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot.chat.context_usage import Usage
from chatbot.chat.conversation_content import Draft
from chatbot.chat.open_conversation import OpenConversation
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import ConversationSettings, Summary
from chatbot.domain.exchange import Exchange
from chatbot.domain.parameters import Parameters
from chatbot.services import Services
from tests.support.exchanges import Send, wait_until_answered
from tests.support.fake_ollama.server import DEFAULT_MODEL, TOO_LONG, FakeOllama

pytestmark = pytest.mark.configured(num_ctx=1000)


def _ask(ready: Services, send: Send, *prompts: str) -> Exchange:
    """Have prompts answered in one new conversation; return the last exchange."""
    exchange: Exchange | None = None
    for prompt in prompts:
        exchange = send(prompt, exchange and exchange.conversation.id)
        wait_until_answered(ready, exchange)
    assert exchange is not None
    return exchange


def _open(ready: Services, exchange: Exchange) -> OpenConversation:
    return ready.chat.open_conversation("ann", exchange.conversation.id)


def _summarize(ready: Services, exchange: Exchange) -> Summary | None:
    ids = exchange.conversation.user_id, exchange.conversation.id
    return ready.chat.summarize_conversation(*ids, DEFAULT_MODEL, lambda: True).summary


def test_a_window_that_has_room_is_not_told_of(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.set(prompt_tokens=100, tokens=8)
    opened = _open(ready, _ask(ready, send, "Hello"))
    assert (opened.usage, opened.boundary) == (None, None)


def test_a_half_full_window_is_told_of_without_a_cure(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.set(prompt_tokens=500, tokens=8)
    opened = _open(ready, _ask(ready, send, "Hello"))
    assert opened.usage == Usage(DEFAULT_MODEL, 1000, 508, is_exact=True)


def test_a_nearly_full_window_can_be_raised(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.set(prompt_tokens=800, tokens=8)
    opened = _open(ready, _ask(ready, send, "Hello"))
    assert opened.usage == Usage(
        DEFAULT_MODEL, 1000, 808, is_exact=True, is_nearly_full=True, larger_num_ctx=2000
    )


@pytest.mark.configured(num_ctx=1000, max_num_ctx=1500)
def test_a_window_is_raised_no_further_than_the_operator_allows(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 800
    usage = _open(ready, _ask(ready, send, "Hello")).usage
    assert usage and usage.larger_num_ctx == 1500


@pytest.mark.configured(num_ctx=1000, max_num_ctx=1000)
def test_a_window_that_the_operator_has_fixed_is_not_raised(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 800
    usage = _open(ready, _ask(ready, send, "Hello")).usage
    assert usage and usage.is_nearly_full
    assert usage.larger_num_ctx is None


def test_a_summary_helps_once_there_is_something_new_to_summarize(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 800
    exchange = _ask(ready, send, "One", "Two")
    usage = _open(ready, exchange).usage
    assert usage and usage.can_summarize
    assert _summarize(ready, exchange)
    exchange = send("Three", exchange.conversation.id)
    wait_until_answered(ready, exchange)
    usage = _open(ready, exchange).usage
    assert usage and usage.is_nearly_full
    assert not usage.can_summarize


def test_after_a_summary_the_usage_tells_what_the_next_prompt_finds(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    exchange = _ask(ready, send, "First " + "word " * 400, "Second", "Third")
    fake.prompt_tokens = 860
    exchange = send("Fourth", exchange.conversation.id)
    wait_until_answered(ready, exchange)
    fake.tokens = ["They", " counted."]
    _summarize(ready, exchange)
    usage = _open(ready, exchange).usage
    assert usage and usage.used and usage.used < 500
    assert (usage.is_exact, usage.is_nearly_full) == (False, False)


def test_a_document_counts_in_the_usage_as_it_does_for_the_model(
    fake: FakeOllama, ready: Services
) -> None:
    fake.prompt_tokens = 600
    file = Attachment("plan.txt", "text/txt", 9, b"The plan. " * 40)
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Read", [file]), DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, exchange)
    usage = _open(ready, exchange).usage
    assert usage and usage.is_exact


def test_a_summary_and_what_it_stands_for_is_told_of(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    exchange = _ask(ready, send, "One", "Two")
    fake.tokens = ["They", " counted."]
    _summarize(ready, exchange)
    boundary = _open(ready, exchange).boundary
    assert boundary
    assert (boundary.before, boundary.summary, boundary.left_out) == (
        exchange.prompt.id,
        "They counted.",
        0,
    )


def test_what_no_longer_fits_is_told_of_while_the_next_answer_is_written_too(
    ready: Services, send: Send
) -> None:
    exchange = _ask(ready, send, "First " + "word " * 500, "Second " + "word " * 400)
    boundary = _open(ready, exchange).boundary
    assert boundary
    assert (boundary.before, boundary.summary, boundary.left_out) == (exchange.prompt.id, "", 2)
    ready.history.store_prompt("ann", exchange.conversation.id, "Third", DEFAULT_MODEL)
    assert _open(ready, exchange).boundary == boundary


def test_below_a_summary_the_boundary_stands_above_the_first_prompt_that_is_sent(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    exchange = _ask(ready, send, "One", "Two " + "word " * 400)
    _summarize(ready, exchange)
    for prompt in ("Three " + "word " * 250, "Four " + "word " * 250):
        exchange = send(prompt, exchange.conversation.id)
        wait_until_answered(ready, exchange)
    sent = [message["content"].split()[0] for message in fake.bodies()[-1]["messages"][1:]]
    assert sent[::2] == ["Three", "Four"]
    opened = _open(ready, exchange)
    assert opened.boundary and opened.boundary.left_out == 2
    before = [one.message for one in opened.messages if one.message.id == opened.boundary.before]
    assert before[0].content.startswith("Three")


def test_a_failed_answer_above_the_boundary_does_not_shift_it(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(TOO_LONG)
    exchange = _ask(ready, send, "word " * 200, "word " * 420, "word " * 420)
    opened = _open(ready, exchange)
    sent = len(fake.bodies()[-1]["messages"]) - 1
    assert sent == 1
    assert opened.boundary and opened.boundary.before == exchange.prompt.id


def test_a_prompt_that_is_too_long_alone_can_have_a_larger_window(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(TOO_LONG)
    exchange = _ask(ready, send, "0123456789" * 150)
    opened = _open(ready, exchange)
    assert opened.usage == Usage(DEFAULT_MODEL, 1000, larger_num_ctx=2000)
    assert not opened.messages[-1].may_retry
    settings = ConversationSettings("", Parameters(num_ctx=2000))
    ready.chat.configure_conversation("ann", exchange.conversation.id, settings)
    opened = _open(ready, exchange)
    assert opened.usage == Usage(DEFAULT_MODEL, 2000, larger_num_ctx=4000)
    assert opened.messages[-1].may_retry


@pytest.mark.parametrize("figures", [{"prompt_tokens": 1000}, {"prompt_tokens": 996, "tokens": 50}])
def test_an_answer_that_has_lost_something_says_that_the_window_is_nearly_full(
    fake: FakeOllama, ready: Services, figures: dict[str, int]
) -> None:
    fake.set(**figures)
    settings = ConversationSettings("", Parameters(num_predict=4))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hello"), DEFAULT_MODEL, lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    usage = _open(ready, exchange).usage
    assert usage and usage.is_nearly_full


def test_the_end_of_an_answer_tells_what_opening_the_conversation_would(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 800
    exchange = _ask(ready, send, "One", "Two")
    opened = _open(ready, exchange)
    end = ready.chat.describe_end(exchange, opened.messages[-1].message)
    assert (end.answer, end.usage) == (opened.messages[-1], opened.usage)
    assert end.usage and end.usage.is_nearly_full
    changed = replace(exchange, conversation=replace(exchange.conversation, title="Old"))
    assert ready.chat.describe_end(changed, end.answer.message).title == opened.conversation.title
