"""An answer that was cut goes on in the same message."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot import errors
from chatbot.chat.continuation import add_statistics
from chatbot.chat.conversation_content import Draft
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Message, new_message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.history import NotFound
from chatbot.services import Services
from tests.support.exchanges import Send, find_answer, list_path, list_sent, wait_until_answered
from tests.support.fake_ollama import shapes
from tests.support.fake_ollama.server import (
    CRASHED,
    DEFAULT_MODEL,
    TOO_LONG,
    FakeOllama,
    Fault,
    prose,
    stall,
)
from tests.support.generations import TWO, wait_until_ended
from tests.support.product import LoopThread, wait_for


def _cut(
    ready: Services, text: str = "One, two", model: str = DEFAULT_MODEL, **end: Any
) -> Exchange:
    """A conversation whose answer was stopped, unless `end` says otherwise."""
    exchange = ready.history.store_prompt("ann", None, "Hello", model)
    ready.history.finish_answer(exchange.answer.id, **{"content": text, "state": "stopped", **end})
    return exchange


def _go_on(ready: Services, exchange: Exchange, user_id: str = "ann") -> Exchange:
    return ready.chat.continue_answer(
        user_id, exchange.conversation.id, exchange.answer.id, lambda: True
    )


def _read(ready: Services, exchange: Exchange) -> Message:
    return ready.history.get_message("ann", exchange.answer.id)


def test_a_stopped_answer_goes_on_in_the_same_message(fake: FakeOllama, ready: Services) -> None:
    exchange = _cut(ready, thinking="Count.")
    fake.tokens = [", three", "."]
    again = _go_on(ready, exchange)
    assert (again.answer.id, again.answer.state) == (exchange.answer.id, "writing")
    wait_until_answered(ready, again)
    answer = _read(ready, exchange)
    assert (answer.content, answer.thinking, answer.state) == ("One, two, three.", "Count.", "done")
    assert list_sent(fake) == ["Hello", "One, two"]
    assert len(list_path(ready, exchange)) == 2


def test_what_goes_on_begins_with_what_there_is(fake: FakeOllama, ready: Services) -> None:
    fake.tokens = 3
    fake.fail(stall(2))
    exchange = _go_on(ready, _cut(ready))
    generation = find_answer(ready, exchange)
    assert generation.text.startswith("One, two")
    wait_for(lambda: generation.text == "One, two" + TWO)
    ready.chat.stop_answer("ann", exchange.answer.id)
    wait_until_ended(generation, "stopped")
    assert _read(ready, exchange).content == "One, two" + TWO
    wait_until_answered(ready, _go_on(ready, exchange))
    assert _read(ready, exchange).content == "One, two" + TWO + "".join(prose(3))


def test_an_answer_goes_on_without_thinking_and_tags_in_it_are_text(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    fake.set(models=["thinker:1b"], capabilities={"thinker:1b": ["thinking"]})
    fake.tokens = ["</think>", " ends it."]
    loop.run(ready.models.read_installed())
    exchange = _cut(ready, "A thinking begins with <think> and", "thinker:1b")
    wait_until_answered(ready, _go_on(ready, exchange))
    assert fake.bodies()[-1]["think"] is False
    assert _read(ready, exchange).content == "A thinking begins with <think> and</think> ends it."


@pytest.mark.parametrize("closes", [True, False])
def test_a_model_whose_template_ends_the_answer_is_told_to_go_on(
    fake: FakeOllama,
    ready: Services,
    loop: LoopThread,
    monkeypatch: pytest.MonkeyPatch,
    closes: bool,
) -> None:
    if not closes:
        monkeypatch.setattr(shapes, "TEMPLATE", "{{ .Prompt }}")
    fake.models = ["other:1b"]
    loop.run(ready.models.read_installed())
    wait_until_answered(ready, _go_on(ready, _cut(ready, model="other:1b")))
    system_prompt = fake.bodies()[-1]["messages"][0]["content"]
    assert ("Go on with it exactly where it stopped" in system_prompt) is closes


def test_a_failure_leaves_the_earlier_text_and_it_can_go_on_again(
    fake: FakeOllama, ready: Services
) -> None:
    exchange = _cut(ready)
    fake.fail(CRASHED)
    wait_until_answered(ready, _go_on(ready, exchange))
    answer = _read(ready, exchange)
    assert (answer.content, answer.state) == ("One, two", "failed")
    fake.tokens = [", three."]
    wait_until_answered(ready, _go_on(ready, exchange))
    answer = _read(ready, exchange)
    assert (answer.content, answer.state, answer.error) == ("One, two, three.", "done", "")


def test_nothing_more_ends_the_answer_as_it_is(fake: FakeOllama, ready: Services) -> None:
    exchange = _cut(ready)
    fake.tokens = []
    wait_until_answered(ready, _go_on(ready, exchange))
    answer = _read(ready, exchange)
    assert (answer.content, answer.state, answer.error) == ("One, two", "done", "")


def _refuse(*_: object) -> None:
    raise errors.Busy("ollama_busy")


def test_an_answer_that_cannot_begin_to_go_on_keeps_its_text(
    ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = _cut(ready, statistics=Statistics(input_tokens=7))
    monkeypatch.setattr(ready.generations, "start", _refuse)
    with pytest.raises(errors.Busy):
        _go_on(ready, exchange)
    answer = _read(ready, exchange)
    assert (answer.content, answer.state, answer.statistics.input_tokens) == (
        "One, two",
        "failed",
        7,
    )


@pytest.mark.configured(max_answers=1)
def test_a_refusal_changes_nothing(fake: FakeOllama, ready: Services, send: Send) -> None:
    exchange = _cut(ready)
    fake.fail(stall(0))
    other = send("Something else")
    with pytest.raises(errors.Busy):
        _go_on(ready, exchange)
    assert _read(ready, exchange).state == "stopped"
    fake.resume()
    wait_until_answered(ready, other)


@pytest.mark.parametrize(
    "end",
    [
        {"state": "done", "statistics": Statistics(done_reason="stop")},
        {"text": " "},
        {"state": "failed", "error": errors.OllamaRefused(words="no")},
    ],
)
def test_what_is_complete_or_has_no_text_does_not_go_on(
    ready: Services, end: dict[str, Any]
) -> None:
    exchange = _cut(ready, **end)
    with pytest.raises(errors.BadRequest, match="cannot go on"):
        _go_on(ready, exchange)


def test_only_the_last_answer_of_ones_own_goes_on(ready: Services, send: Send) -> None:
    exchange = _cut(ready)
    with pytest.raises(NotFound):
        _go_on(ready, exchange, "eve")
    wait_until_answered(ready, send("More", exchange.conversation.id))
    with pytest.raises(errors.BadRequest, match="cannot go on"):
        _go_on(ready, exchange)


def test_an_answer_is_not_written_twice(fake: FakeOllama, ready: Services) -> None:
    fake.fail(stall(0))
    exchange = _go_on(ready, _cut(ready))
    with pytest.raises(errors.BadRequest):
        _go_on(ready, exchange)
    with pytest.raises(NotFound):
        ready.history.resume_answer("ann", exchange.conversation.id, exchange.answer.id)
    fake.resume()
    wait_until_answered(ready, exchange)


def test_an_answer_goes_on_with_the_files_of_its_prompt(fake: FakeOllama, ready: Services) -> None:
    note = Attachment("note.txt", "text/txt", 4, b"Text")
    fake.fail(stall(2))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Read", [note]), DEFAULT_MODEL, lambda: True
    )
    wait_for(lambda: find_answer(ready, exchange).text == TWO)
    ready.chat.stop_answer("ann", exchange.answer.id)
    wait_until_answered(ready, exchange)
    again = _go_on(ready, exchange)
    wait_until_answered(ready, again)
    assert "Text" in list_sent(fake)[0]
    assert [file.name for file in again.files] == ["note.txt"]


@pytest.mark.configured(num_ctx=1000)
def test_a_full_window_gives_up_the_oldest_messages_and_never_the_prompt(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Fine"]
    first = send("First " + "word " * 300)
    wait_until_answered(ready, first)
    fake.set(tokens=500, prompt_tokens=600)
    settings = ConversationSettings("", Parameters(num_predict=400))
    ready.chat.configure_conversation("ann", first.conversation.id, settings)
    exchange = send("Second " + "word " * 100, first.conversation.id)
    wait_until_answered(ready, exchange)
    opened = ready.chat.open_conversation("ann", first.conversation.id)
    assert opened.messages[-1].may_continue
    fake.fail(TOO_LONG)
    fake.set(tokens=["."], prompt_tokens=None)
    wait_until_answered(ready, _go_on(ready, exchange))
    prompt, answer = list_sent(fake)
    assert prompt.startswith("Second")
    assert answer == "".join(prose(400))
    assert _read(ready, exchange).statistics.left_out == 2


@pytest.mark.configured(num_ctx=1000)
def test_a_window_that_one_exchange_has_filled_has_to_be_raised_first(
    fake: FakeOllama, ready: Services
) -> None:
    full = Statistics(input_tokens=600, output_tokens=400, num_ctx=1000, done_reason="length")
    exchange = _cut(ready, state="done", statistics=full)
    with pytest.raises(errors.BadRequest):
        _go_on(ready, exchange)
    settings = ConversationSettings("", Parameters(num_ctx=2000))
    ready.chat.configure_conversation("ann", exchange.conversation.id, settings)
    wait_until_answered(ready, _go_on(ready, exchange))
    assert fake.bodies()[-1]["options"]["num_ctx"] == 2000


def _answer(text: str, **figures: Any) -> Message:
    answer = new_message("c", "p", "assistant", content=text)
    return Message(
        **{name: getattr(answer, name) for name in answer.__slots__}
        | {"statistics": Statistics(**figures)}
    )


def test_the_figures_of_both_parts_add_up() -> None:
    first = _answer(
        "word " * 40, input_tokens=30, output_tokens=40, eval_s=2.0, ttft_s=0.3, thought_s=1.0
    )
    later = Statistics(
        input_tokens=70, output_tokens=10, eval_s=1.0, prompt_s=0.5, ttft_s=0.1, done_reason="stop"
    )
    both = add_statistics(first, later)
    assert (both.input_tokens, both.output_tokens, both.eval_s) == (30, 50, 3.0)
    assert (both.ttft_s, both.prompt_s, both.thought_s) == (0.3, 0.5, 1.0)
    assert both.done_reason == "stop"


def test_the_tokens_of_a_stopped_part_are_estimated_at_the_speed_of_the_other() -> None:
    later = Statistics(input_tokens=100, output_tokens=10, eval_s=1.0, estimated=100)
    both = add_statistics(_answer("word " * 40), later)
    assert both.input_tokens + both.output_tokens == 110
    assert 40 <= both.output_tokens - 10 <= 60
    assert both.eval_s == pytest.approx(both.output_tokens / 10)


def test_a_second_part_that_was_stopped_leaves_the_counts_of_the_first() -> None:
    first = _answer("word", input_tokens=30, output_tokens=40, eval_s=2.0, done_reason="length")
    both = add_statistics(first, Statistics(ttft_s=0.1))
    assert (both.input_tokens, both.output_tokens, both.done_reason) == (30, 40, "")


def test_a_fault_before_the_first_word_is_no_end_of_the_earlier_text(
    fake: FakeOllama, ready: Services
) -> None:
    exchange = _cut(ready)
    fake.fail(Fault("status", status=404, error="model not found"))
    wait_until_answered(ready, _go_on(ready, exchange))
    assert _read(ready, exchange).content == "One, two"
