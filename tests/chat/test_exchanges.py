"""A prompt is stored before it is answered, or refused before it is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chatbot import errors
from chatbot.chat.conversation_content import Draft
from chatbot.chat.generation import Generation
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.parameters import Parameters
from chatbot.history import NotFound
from chatbot.services import Services
from tests.support.exchanges import Send, find_answer, list_path, list_sent, wait_until_answered
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    TOO_LONG,
    FakeOllama,
    Fault,
    stall,
)
from tests.support.generations import TWO, Tab, wait_until_ended
from tests.support.product import LoopThread, wait_for


def test_the_prompt_is_stored_before_its_first_token(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(0))
    exchange = send("Hello")
    assert [(one.content, one.state) for one in list_path(ready, exchange)] == [
        ("Hello", "done"),
        ("", "writing"),
    ]
    fake.resume()
    wait_until_answered(ready, exchange)


def test_the_model_sees_what_was_said_before(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.tokens = ["Good", " day"]
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    exchange = send("And then?", exchange.conversation.id)
    wait_until_answered(ready, exchange)
    assert list_sent(fake) == ["Hello", "Good day", "And then?"]


def test_a_prompt_sent_while_ollama_is_down_is_answered_when_it_is_back(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.stop()
    exchange = send("Hello")
    wait_for(lambda: find_answer(ready, exchange).waits_for_ollama)
    fake.start()
    wait_until_answered(ready, exchange)
    assert list_path(ready, exchange)[-1].state == "done"


def test_asking_again_makes_a_new_version_that_has_not_seen_the_old_one(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["One"]
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    fake.tokens = ["Two"]
    second = ready.chat.answer_again(
        "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, second)
    assert list_sent(fake) == ["Hello"]
    assert [one.content for one in list_path(ready, exchange)] == ["Hello", "Two"]
    assert second.answer.parent_id == exchange.answer.parent_id


@pytest.mark.configured(max_prompt_chars=10)
@pytest.mark.parametrize(
    ("prompt", "kind", "sentence"),
    [
        ("", errors.BadRequest, "The prompt is empty. Write something."),
        (" \n\t", errors.BadRequest, "The prompt is empty. Write something."),
        (
            "a" * 11,
            errors.PromptTooLong,
            "The prompt has 11 characters and at most 10 are taken. Shorten it.",
        ),
    ],
)
def test_a_prompt_that_cannot_be_taken_is_refused_before_it_is_stored(
    fake: FakeOllama,
    ready: Services,
    send: Send,
    prompt: str,
    kind: type[errors.ChatError],
    sentence: str,
) -> None:
    with pytest.raises(kind) as refusal:
        send(prompt)
    assert refusal.value.sentence == sentence
    assert ready.history.list_conversations("ann") == []
    assert not fake.bodies()


@pytest.mark.configured(num_ctx=256)
def test_a_prompt_longer_than_the_context_window_is_refused_before_it_is_stored(
    ready: Services, send: Send
) -> None:
    with pytest.raises(errors.ContextOverflow, match="This prompt has about"):
        send("word " * 1000)
    assert ready.history.list_conversations("ann") == []


def test_older_messages_are_left_out_until_ollama_takes_the_rest(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Good", " day"]
    exchange = send("One")
    wait_until_answered(ready, exchange)
    for prompt in ("Two", "Three", "Four"):
        exchange = send(prompt, exchange.conversation.id)
        wait_until_answered(ready, exchange)
    before = len(fake.bodies())
    fake.fail(TOO_LONG, times=2)
    exchange = send("Five", exchange.conversation.id)
    wait_until_answered(ready, exchange)
    asked = [len(body["messages"]) for body in fake.bodies()[before:]]
    assert len(asked) == 3
    assert asked == sorted(asked, reverse=True)
    kept = list_path(ready, exchange)[-1]
    assert (kept.state, kept.statistics.left_out) == ("done", asked[0] - asked[2])
    assert list_sent(fake)[-1] == "Five"


def test_a_prompt_that_ollama_refuses_alone_says_so_and_keeps_that(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(TOO_LONG)
    exchange = send("0123456789" * 1000)
    wait_until_answered(ready, exchange)
    kept = list_path(ready, exchange)[-1]
    assert kept.state == "failed"
    assert kept.error == (
        "This prompt has about 8,027 tokens, and the context window holds 4,096 with the answer. "
        "Shorten it, or raise the context window (Settings)."
    )
    assert kept.failure_code == "context_overflow"


def test_the_length_that_ollama_tells_is_told(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    error = "request (5123 tokens) exceeds the available context size (4096 tokens), try increasing"
    fake.fail(Fault("status", status=400, error=error))
    exchange = send("Hello")
    wait_until_answered(ready, exchange)
    assert "about 5,123 tokens" in list_path(ready, exchange)[-1].error


@pytest.mark.configured(num_ctx=256)
def test_a_server_that_cuts_all_the_same_is_found_out(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 256
    exchange = send("0123456789" * 50)
    wait_until_answered(ready, exchange)
    kept = list_path(ready, exchange)[-1]
    assert kept.statistics.is_cut


@pytest.mark.configured(num_ctx=256)
def test_what_no_longer_fits_is_left_out_and_counted(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Good", " day"]
    exchange = send("word " * 150)
    wait_until_answered(ready, exchange)
    exchange = send("And then? " * 20, exchange.conversation.id)
    wait_until_answered(ready, exchange)
    assert list_sent(fake) == ["And then? " * 20]
    left_out = [one.statistics.left_out for one in list_path(ready, exchange)[1::2]]
    assert left_out == [0, 2]


def _busy(ready: Services) -> None:
    ready.settings.__dict__["max_answers"] = 0


def _closed(ready: Services) -> None:
    ready.generations.closed = True


@pytest.mark.parametrize(("prepare", "kind"), [(_busy, errors.Busy), (_closed, errors.Draining)])
def test_a_prompt_that_cannot_be_answered_now_is_refused_before_it_is_stored(
    ready: Services, send: Send, prepare: Callable[[Services], None], kind: type[errors.ChatError]
) -> None:
    prepare(ready)
    with pytest.raises(kind):
        send("Hello")
    assert ready.history.list_conversations("ann") == []


def test_a_prompt_refused_at_the_last_moment_is_kept_with_the_reason(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready.generations, "start", _refuse)
    with pytest.raises(errors.Busy):
        send("Hello")
    [conversation] = ready.history.list_conversations("ann")
    kept = ready.history.list_messages("ann", conversation.id)[-1]
    assert (kept.state, kept.error) == (
        "failed",
        "Ollama has too many requests waiting. Try again in a minute.",
    )


def _refuse(generation: Generation) -> Generation:
    raise errors.Busy("ollama_busy")


def test_asking_again_what_no_longer_fits_leaves_no_answer_that_nobody_writes(
    ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = send("word " * 1000)
    wait_until_answered(ready, exchange)
    monkeypatch.setitem(ready.settings.__dict__, "num_ctx", 256)
    with pytest.raises(errors.ContextOverflow) as refusal:
        ready.chat.answer_again(
            "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
        )
    kept = list_path(ready, exchange)[-1]
    assert (kept.state, kept.error) == ("failed", refusal.value.sentence)


def test_a_prompt_ends_the_answer_that_is_still_written_and_the_model_sees_what_came(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2))
    first = send("Hello")
    wait_for(lambda: find_answer(ready, first).text == TWO)
    second = send("Shorter, please.", first.conversation.id)
    wait_until_answered(ready, second)
    assert list_path(ready, second)[1].state == "stopped"
    assert list_sent(fake) == ["Hello", TWO, "Shorter, please."]


def test_a_prompt_ends_the_answer_that_another_replica_still_writes(
    ready: Services, send: Send
) -> None:
    elsewhere = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    exchange = send("Shorter, please.", elsewhere.conversation.id)
    wait_until_answered(ready, exchange)
    assert [one.state for one in list_path(ready, exchange)] == ["done", "stopped", "done", "done"]


def test_asking_again_ends_the_answer_that_is_still_written(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2))
    first = send("Hello")
    wait_for(lambda: find_answer(ready, first).text == TWO)
    again = ready.chat.answer_again(
        "ann", first.conversation.id, first.answer.id, DEFAULT_MODEL, lambda: True
    )
    assert ready.history.get_message("ann", first.answer.id).state == "stopped"
    wait_until_answered(ready, again)
    both = [first.answer.id, again.answer.id]
    assert again.versions == dict.fromkeys(both[1:], both)


def test_a_refused_prompt_ends_no_answer(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.fail(stall(2))
    first = send("Hello")
    with pytest.raises(errors.BadRequest):
        send(" ", first.conversation.id)
    assert find_answer(ready, first).state == "writing"
    fake.resume()
    wait_until_answered(ready, first)


def test_an_answer_is_stopped_by_its_user_alone(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = find_answer(ready, exchange)
    with pytest.raises(NotFound):
        ready.chat.stop_answer("eve", exchange.answer.id)
    assert ready.chat.find_answer("eve", exchange.answer.id) is None
    assert ready.chat.find_answer("ann", exchange.answer.id) is answer
    ready.chat.stop_answer("ann", exchange.answer.id)
    wait_until_ended(answer, "stopped")
    ready.chat.stop_answer("ann", exchange.answer.id)


def test_an_answer_of_another_replica_is_stopped_by_its_user_alone(ready: Services) -> None:
    exchange = ready.history.store_prompt("ann", None, "Hello", DEFAULT_MODEL)
    with pytest.raises(NotFound):
        ready.chat.stop_answer("eve", exchange.answer.id)
    assert ready.history.get_message("ann", exchange.answer.id).state == "writing"
    ready.chat.stop_answer("ann", exchange.answer.id)
    assert ready.history.get_message("ann", exchange.answer.id).state == "stopped"


def test_an_answer_ends_when_its_exchange_is_deleted(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    first = send("Hello")
    wait_until_answered(ready, first)
    fake.fail(stall(2))
    second = send("And then?", first.conversation.id)
    answer = find_answer(ready, second)
    wait_for(lambda: answer.text == TWO)
    assert ready.chat.delete_exchange("ann", first.conversation.id, second.prompt.id)
    assert answer.state == "stopped"
    assert len(list_path(ready, first)) == 2


def test_the_answers_of_a_deleted_conversation_end(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2), times=3)
    gone, kept = send("Hello"), send("Good day")
    answers = [find_answer(ready, one) for one in (gone, kept)]
    ready.chat.delete_conversation("ann", gone.conversation.id)
    assert [one.state for one in answers] == ["stopped", "writing"]
    other = find_answer(ready, send("Mine", user_id="bob"))
    ready.chat.delete_all_conversations("ann")
    assert [answers[1].state, other.state] == ["stopped", "writing"]
    ready.generations.stop(other)
    wait_until_ended(other, "stopped")


def test_who_leaves_for_good_ends_what_nobody_else_waits_for(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2), times=4)
    leaving, staying, gone = Tab(is_open=True), Tab(is_open=True), Tab(is_open=False)
    sent = [send("Hello", watcher=tab) for tab in (leaving, leaving, gone)]
    own, shared, left = (find_answer(ready, exchange) for exchange in sent)
    other = find_answer(ready, send("Mine", user_id="bob", watcher=leaving))
    shared.watchers.append(staying)
    with ready.chat.stop_left("ann"):
        leaving.is_open = False
    wait_until_ended(own, "stopped")
    staying.looked_at()
    assert [one.state for one in (shared, left, other)] == ["writing"] * 3
    fake.resume()
    for answer in (shared, left, other):
        wait_until_ended(answer, "done")


def test_an_edited_prompt_keeps_its_files(fake: FakeOllama, ready: Services) -> None:
    note = Attachment("note.txt", "text/txt", 4, b"Text")
    first = ready.chat.send_prompt("ann", None, Draft("Look", [note]), DEFAULT_MODEL, lambda: True)
    wait_until_answered(ready, first)
    draft = Draft("Read", instead_of=first.prompt.id)
    edited = ready.chat.send_prompt(
        "ann", first.conversation.id, draft, DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, edited)
    assert list_sent(fake) == ['Read\n\n<file name="note.txt">\nText\n</file>']
    assert [file.name for file in edited.files] == ["note.txt"]
    assert edited.versions[edited.prompt.id] == [first.prompt.id, edited.prompt.id]


def test_an_edit_of_a_prompt_that_another_tab_has_left_is_answered_with_what_stands_above_it(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    first = send("One")
    wait_until_answered(ready, first)
    talk = first.conversation.id
    for text in ("Uno", "Un"):
        draft = Draft(text, instead_of=first.prompt.id)
        exchange = ready.chat.send_prompt("ann", talk, draft, DEFAULT_MODEL, lambda: True)
        wait_until_answered(ready, exchange)
        assert list_sent(fake) == [text]


def test_another_visitor_can_neither_go_on_with_a_conversation_nor_have_it_answered_again(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    exchange = send("My secret")
    wait_until_answered(ready, exchange)
    asked = len(fake.bodies())
    with pytest.raises(NotFound):
        send("Tell me", exchange.conversation.id, user_id="eve")
    with pytest.raises(NotFound):
        ready.chat.answer_again(
            "eve", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
        )
    assert len(fake.bodies()) == asked


THINK_REFUSALS = [
    'think value "high" is not supported for this model',
    '"gpt-oss:20b" does not support thinking',
    "json: cannot unmarshal string into Go struct field ChatRequest.think of type bool",
]


@pytest.mark.parametrize("text", THINK_REFUSALS)
def test_a_server_that_refuses_to_think_so_is_asked_without(
    fake: FakeOllama, ready: Services, loop: LoopThread, text: str
) -> None:
    fake.set(models=["gpt-oss:20b"], capabilities={"gpt-oss:20b": ["thinking"]}, tokens=["Yes"])
    loop.run(ready.models.read_installed())
    fake.fail(Fault("status", status=400, error=text))
    settings = ConversationSettings("", Parameters(think="high"))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hi"), "gpt-oss:20b", lambda: True, settings
    )
    wait_until_answered(ready, exchange)
    assert list_path(ready, exchange)[-1].content == "Yes"
    assert [body.get("think") for body in fake.bodies()] == ["high", None]


def _seen_by_another(fake: FakeOllama, ready: Services, loop: LoopThread) -> str:
    """A conversation in which a model with vision saw an image; returns its id."""
    fake.set(models=[DEFAULT_MODEL, "seer:1b"], capabilities={"seer:1b": ["vision"]})
    loop.run(ready.models.read_installed())
    draft = Draft("Look", [Attachment("a.png", "image/png", 5, b"pixel")])
    exchange = ready.chat.send_prompt("ann", None, draft, "seer:1b", lambda: True)
    wait_until_answered(ready, exchange)
    return exchange.conversation.id


def test_a_model_that_cannot_see_is_asked_without_the_images_of_before(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    talk = _seen_by_another(fake, ready, loop)
    exchange = ready.chat.send_prompt("ann", talk, Draft("And now?"), DEFAULT_MODEL, lambda: True)
    wait_until_answered(ready, exchange)
    assert not any(one.get("images") for one in fake.bodies()[-1]["messages"])
    answer = list_path(ready, exchange)[-1]
    assert (answer.state, answer.statistics.images_left_out) == ("done", 1)


IMAGE_REFUSALS = [
    "this model does not support image input",
    "this model is missing data required for image input",
    "received image but vision model not loaded",
    "image input is not supported - hint: you may need to provide the mmproj",
]


@pytest.mark.parametrize("text", IMAGE_REFUSALS)
def test_a_server_that_refuses_images_is_asked_without_them(
    fake: FakeOllama, ready: Services, loop: LoopThread, text: str
) -> None:
    talk = _seen_by_another(fake, ready, loop)
    fake.fail(Fault("status", status=400, error=text))
    exchange = ready.chat.send_prompt("ann", talk, Draft("And now?"), "seer:1b", lambda: True)
    wait_until_answered(ready, exchange)
    assert not any(one.get("images") for one in fake.bodies()[-1]["messages"])
    answer = list_path(ready, exchange)[-1]
    assert (answer.state, answer.statistics.images_left_out) == ("done", 1)


def test_a_model_that_tells_nothing_of_itself_is_sent_images(
    fake: FakeOllama, ready: Services, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = [replace(one, capabilities=frozenset()) for one in ready.models.installed]
    monkeypatch.setattr(ready.models, "installed", unknown)
    draft = Draft("Look", [Attachment("a.png", "image/png", 5, b"pixel")])
    exchange = ready.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
    wait_until_answered(ready, exchange)
    assert fake.bodies()[-1]["messages"][1]["images"] == ["cGl4ZWw="]


def test_an_image_for_a_model_that_cannot_see_is_refused_and_nothing_is_stored(
    ready: Services,
) -> None:
    draft = Draft("Look", [Attachment("a.png", "image/png", 5, b"pixel")])
    with pytest.raises(errors.BadRequest, match="cannot see images"):
        ready.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
    assert ready.history.list_conversations("ann") == []


@pytest.mark.configured(num_ctx=512)
def test_a_file_that_does_not_fit_is_refused_with_its_length(ready: Services) -> None:
    draft = Draft("Read", [Attachment("long.txt", "text/txt", 9000, b"word " * 1800)])
    with pytest.raises(errors.ContextOverflow, match=r"has about 2,0\d\d tokens"):
        ready.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
