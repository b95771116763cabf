"""A prompt is stored before it is answered, and its answer is kept however it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from chatbot import errors
from chatbot.chat.conversation_content import ConversationContent, Draft
from chatbot.chat.generation import Generation
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Message
from chatbot.domain.parameters import Parameters, Think
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.services import Services
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    TOO_LONG,
    FakeOllama,
    Fault,
    cut,
    model_missing,
    prose,
    stall,
)
from tests.support.product import LoopThread, wait_for

Send = Callable[..., Exchange]
TWO = "".join(prose(2))


@pytest.fixture
def send(ready: Services) -> Send:
    """Sends a prompt of Ann's, into a new conversation unless one is named."""

    def act(
        prompt: str,
        conversation_id: str | None = None,
        user_id: str = "ann",
        before: Sequence[Message] = (),
    ) -> Exchange:
        return ready.chat.send_prompt(
            user_id,
            conversation_id,
            Draft(prompt),
            DEFAULT_MODEL,
            lambda: True,
            ConversationContent(before),
        )

    return act


def _path(ready: Services, exchange: Exchange) -> list[Message]:
    return ready.history.list_messages("ann", exchange.conversation.id)


def _answered(ready: Services, exchange: Exchange) -> None:
    wait_for(lambda: ready.generations.find_generation(exchange.answer.id) is None)


def _answer(ready: Services, exchange: Exchange) -> Generation:
    answer = ready.generations.find_generation(exchange.answer.id)
    assert answer is not None
    return answer


def _asked(fake: FakeOllama) -> list[str]:
    """What the model was told last, without the system prompt."""
    return [one["content"] for one in fake.bodies()[-1]["messages"][1:]]


def test_a_prompt_and_its_answer_are_kept(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.set(tokens=["Good", " day"], prompt_tokens=7)
    exchange = send("Hello there")
    _answered(ready, exchange)
    question, kept = _path(ready, exchange)
    assert (question.role, question.content) == ("user", "Hello there")
    assert (kept.role, kept.content, kept.state) == ("assistant", "Good day", "done")
    assert (kept.model, kept.error) == (DEFAULT_MODEL, "")
    assert (kept.statistics.input_tokens, kept.statistics.output_tokens) == (7, 2)
    assert kept.statistics.ttft_s > 0
    assert [one.title for one in ready.history.list_conversations("ann")] == ["Hello there"]


def test_the_prompt_is_stored_before_its_first_token(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(0))
    exchange = send("Hello")
    assert [(one.content, one.state) for one in _path(ready, exchange)] == [
        ("Hello", "done"),
        ("", "writing"),
    ]
    fake.resume()
    _answered(ready, exchange)


@pytest.mark.parametrize("shown", [True, False])
def test_the_model_sees_the_conversation_as_it_is_whatever_the_tab_shows(
    fake: FakeOllama, ready: Services, send: Send, shown: bool
) -> None:
    fake.tokens = ["Good", " day"]
    exchange = send("Hello")
    _answered(ready, exchange)
    exchange = send(
        "And then?", exchange.conversation.id, before=_path(ready, exchange) if shown else ()
    )
    _answered(ready, exchange)
    assert _asked(fake) == ["Hello", "Good day", "And then?"]


def test_an_answer_without_text_is_not_shown_to_the_model(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(Fault("status"))
    exchange = send("Hello")
    _answered(ready, exchange)
    exchange = send("Hello?", exchange.conversation.id)
    _answered(ready, exchange)
    assert _asked(fake) == ["Hello", "Hello?"]


@pytest.mark.parametrize(
    ("fault", "sentence", "content"),
    [
        (
            model_missing(DEFAULT_MODEL),
            f"The model {DEFAULT_MODEL} is not installed. Pull it, or choose another.",
            "",
        ),
        (
            cut(2),
            "The answer broke off before its end. Ask again; what came so far is kept.",
            TWO,
        ),
    ],
)
def test_a_failed_answer_is_kept_with_its_sentence_and_the_prompt_is_not_lost(
    fake: FakeOllama, ready: Services, send: Send, fault: Fault, sentence: str, content: str
) -> None:
    fake.fail(fault)
    exchange = send("Hello")
    _answered(ready, exchange)
    question, kept = _path(ready, exchange)
    assert question.content == "Hello"
    assert (kept.content, kept.state, kept.error) == (content, "failed", sentence)


def test_a_stopped_answer_is_kept_and_marked(fake: FakeOllama, ready: Services, send: Send) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = _answer(ready, exchange)
    wait_for(lambda: answer.text == TWO)
    ready.generations.stop(answer)
    _answered(ready, exchange)
    kept = _path(ready, exchange)[-1]
    assert (kept.content, kept.state, kept.error) == (TWO, "stopped", "")


@pytest.mark.configured(drain_timeout=0.1)
def test_an_answer_that_is_stopped_at_another_replica_ends_on_the_server(
    fake: FakeOllama, ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.chat.abandonment.SAVE_S", 0)
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = _answer(ready, exchange)
    wait_for(lambda: _path(ready, exchange)[-1].content == TWO)
    assert ready.history.stop_answer(exchange.answer.id)
    assert answer.over.wait(10)
    assert (answer.state, _path(ready, exchange)[-1].content) == ("stopped", TWO)
    fake.wait_for(lambda now: now.active == 0 and now.aborted == 1)


def test_an_answer_cut_by_a_shutdown_is_kept_as_interrupted(
    fake: FakeOllama, ready: Services, send: Send, loop: LoopThread
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = _answer(ready, exchange)
    wait_for(lambda: answer.text == TWO)
    loop.run(ready.generations.drain())
    kept = _path(ready, exchange)[-1]
    assert (kept.content, kept.state) == (TWO, "interrupted")


def test_a_prompt_sent_while_ollama_is_down_is_answered_when_it_is_back(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.stop()
    exchange = send("Hello")
    wait_for(lambda: _answer(ready, exchange).waits_for_ollama)
    fake.start()
    _answered(ready, exchange)
    assert _path(ready, exchange)[-1].state == "done"


def test_an_answer_to_a_conversation_deleted_meanwhile_ends_quietly(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = _answer(ready, exchange)
    ready.history.delete_conversation("ann", exchange.conversation.id)
    fake.resume()
    _answered(ready, exchange)
    assert (answer.state, answer.error) == ("done", None)
    assert ready.history.list_conversations("ann") == []


def test_asking_again_makes_a_new_version_that_has_not_seen_the_old_one(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["One"]
    exchange = send("Hello")
    _answered(ready, exchange)
    fake.tokens = ["Two"]
    second = ready.chat.answer_again(
        "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
    )
    _answered(ready, second)
    assert _asked(fake) == ["Hello"]
    assert [one.content for one in _path(ready, exchange)] == ["Hello", "Two"]
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
    _answered(ready, exchange)
    for prompt in ("Two", "Three", "Four"):
        exchange = send(prompt, exchange.conversation.id, before=_path(ready, exchange))
        _answered(ready, exchange)
    before = len(fake.bodies())
    fake.fail(TOO_LONG, times=2)
    exchange = send("Five", exchange.conversation.id, before=_path(ready, exchange))
    _answered(ready, exchange)
    asked = [len(body["messages"]) for body in fake.bodies()[before:]]
    assert len(asked) == 3
    assert asked == sorted(asked, reverse=True)
    kept = _path(ready, exchange)[-1]
    assert (kept.state, kept.statistics.left_out) == ("done", asked[0] - asked[2])
    assert _asked(fake)[-1] == "Five"


def test_a_prompt_that_ollama_refuses_alone_says_so_and_keeps_that(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.fail(TOO_LONG)
    exchange = send("0123456789" * 1000)
    _answered(ready, exchange)
    kept = _path(ready, exchange)[-1]
    assert kept.state == "failed"
    assert kept.error == (
        "This prompt has about 8,027 tokens, and the context window holds 4,096 with the answer. "
        "Shorten it, or raise num_ctx."
    )
    assert kept.failure_code == "context_overflow"


def test_the_length_that_ollama_tells_is_told(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    error = "request (5123 tokens) exceeds the available context size (4096 tokens), try increasing"
    fake.fail(Fault("status", status=400, error=error))
    exchange = send("Hello")
    _answered(ready, exchange)
    assert "about 5,123 tokens" in _path(ready, exchange)[-1].error


@pytest.mark.configured(num_ctx=256)
def test_a_server_that_cuts_all_the_same_is_found_out(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.prompt_tokens = 256
    exchange = send("0123456789" * 50)
    _answered(ready, exchange)
    kept = _path(ready, exchange)[-1]
    assert kept.statistics.is_cut


@pytest.mark.parametrize(
    ("limit", "own", "sent", "window"),
    [
        (None, None, 4096, 4096),
        (None, 2048, 2048, 2048),
        (None, 1_048_576, 8192, 8192),
        (6000, 1_048_576, 6000, 6000),
        (4096, 1_048_576, 4096, 4096),
        (4096, 2048, 4096, 4096),
    ],
)
def test_the_window_is_bounded_by_the_model_and_the_operator(
    fake: FakeOllama,
    ready: Services,
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
    own: int | None,
    sent: int,
    window: int,
) -> None:
    monkeypatch.setitem(ready.settings.__dict__, "max_num_ctx", limit)
    settings = ConversationSettings("", Parameters(num_ctx=own))
    exchange = ready.chat.send_prompt(
        "ann",
        None,
        Draft("Hello"),
        DEFAULT_MODEL,
        lambda: True,
        ConversationContent(settings=settings),
    )
    _answered(ready, exchange)
    assert fake.bodies()[-1]["options"]["num_ctx"] == sent
    statistics = _path(ready, exchange)[-1].statistics
    assert statistics.num_ctx == window


@pytest.mark.configured(num_ctx=256)
def test_what_no_longer_fits_is_left_out_and_counted(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Good", " day"]
    exchange = send("word " * 150)
    _answered(ready, exchange)
    exchange = send("And then? " * 20, exchange.conversation.id)
    _answered(ready, exchange)
    assert _asked(fake) == ["And then? " * 20]
    left_out = [one.statistics.left_out for one in _path(ready, exchange)[1::2]]
    assert left_out == [0, 2]


def _busy(ready: Services) -> None:
    ready.settings.__dict__["max_answers"] = 0


def _draining(ready: Services) -> None:
    ready.generations.draining = True


@pytest.mark.parametrize(("prepare", "kind"), [(_busy, errors.Busy), (_draining, errors.Draining)])
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
    _answered(ready, exchange)
    monkeypatch.setitem(ready.settings.__dict__, "num_ctx", 256)
    with pytest.raises(errors.ContextOverflow) as refusal:
        ready.chat.answer_again(
            "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
        )
    kept = _path(ready, exchange)[-1]
    assert (kept.state, kept.error) == ("failed", refusal.value.sentence)


def test_another_visitor_can_neither_go_on_with_a_conversation_nor_have_it_answered_again(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    exchange = send("My secret")
    _answered(ready, exchange)
    asked = len(fake.bodies())
    with pytest.raises(NotFound):
        send("Tell me", exchange.conversation.id, user_id="eve")
    with pytest.raises(NotFound):
        ready.chat.answer_again(
            "eve", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
        )
    assert len(fake.bodies()) == asked


def test_an_answer_that_the_history_cannot_take_is_shown_with_the_reason(
    fake: FakeOllama, ready: Services, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fail(stall(2))
    exchange = send("Hello")
    answer = _answer(ready, exchange)
    monkeypatch.setattr("chatbot.history.repository.History._writing", _no_space)
    fake.resume()
    _answered(ready, exchange)
    assert answer.text
    assert answer.error is not None
    assert answer.error.sentence.startswith("The history's disk is full.")


def _no_space(_: object) -> None:
    raise HistoryUnavailable("history_disk_full")


def test_parameters_and_system_prompt_of_a_conversation_reach_ollama(
    fake: FakeOllama, ready: Services
) -> None:
    own = Parameters(temperature=0.5, num_ctx=2048, stop=("END",), keep_alive="10m")
    thread = ConversationContent(settings=ConversationSettings("Be a poet.", own))
    exchange = ready.chat.send_prompt(
        "ann", None, Draft("Hello"), DEFAULT_MODEL, lambda: True, thread
    )
    _answered(ready, exchange)
    body = fake.bodies()[-1]
    assert body["messages"][0]["content"] == "Be a poet."
    assert body["options"] == {
        "num_ctx": 2048,
        "num_predict": 2048,
        "temperature": 0.5,
        "stop": ["END"],
    }
    assert body["keep_alive"] == "10m"
    assert (
        ready.history.get_conversation("ann", exchange.conversation.id).settings == thread.settings
    )


@pytest.mark.parametrize(("own", "think"), [(None, True), ("off", False)])
def test_a_model_that_thinks_is_asked_to_unless_that_is_off(
    fake: FakeOllama, ready: Services, loop: LoopThread, own: Think | None, think: bool
) -> None:
    fake.set(
        models=["thinker:1b"],
        capabilities={"thinker:1b": ["thinking"]},
        thinking=["Well", " now"],
        tokens=["Yes"],
    )
    loop.run(ready.models.read_installed())
    thread = ConversationContent(settings=ConversationSettings("", Parameters(think=own)))
    exchange = ready.chat.send_prompt("ann", None, Draft("Hi"), "thinker:1b", lambda: True, thread)
    _answered(ready, exchange)
    assert fake.bodies()[-1]["think"] is think
    kept = _path(ready, exchange)[-1]
    assert (kept.thinking, kept.content) == ("Well now" if think else "", "Yes")
    assert (kept.statistics.thought_s > 0) is think


@pytest.mark.parametrize(
    ("model", "own", "think"),
    [
        ("thinker:1b", "high", True),
        ("thinker:1b", "off", False),
        ("gpt-oss:20b", "high", "high"),
        ("gpt-oss:20b", "on", True),
        (DEFAULT_MODEL, "high", None),
    ],
)
def test_a_level_of_thinking_goes_only_to_a_model_that_has_levels(
    fake: FakeOllama,
    ready: Services,
    loop: LoopThread,
    model: str,
    own: Think,
    think: bool | str | None,
) -> None:
    models = ["thinker:1b", "gpt-oss:20b"]
    fake.set(models=[DEFAULT_MODEL, *models], capabilities={one: ["thinking"] for one in models})
    loop.run(ready.models.read_installed())
    thread = ConversationContent(settings=ConversationSettings("", Parameters(think=own)))
    exchange = ready.chat.send_prompt("ann", None, Draft("Hi"), model, lambda: True, thread)
    _answered(ready, exchange)
    assert fake.bodies()[-1].get("think") == think


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
    thread = ConversationContent(settings=ConversationSettings("", Parameters(think="high")))
    exchange = ready.chat.send_prompt("ann", None, Draft("Hi"), "gpt-oss:20b", lambda: True, thread)
    _answered(ready, exchange)
    assert _path(ready, exchange)[-1].content == "Yes"
    assert [body.get("think") for body in fake.bodies()] == ["high", None]


@pytest.mark.parametrize("num_predict", [-2, -1, 0])
def test_an_answer_without_a_limit_gets_room_beside_the_messages(
    fake: FakeOllama, ready: Services, num_predict: int
) -> None:
    settings = ConversationSettings("", Parameters(num_predict=num_predict, num_ctx=1024))
    first = ready.chat.send_prompt(
        "ann",
        None,
        Draft("word " * 500),
        DEFAULT_MODEL,
        lambda: True,
        ConversationContent(settings=settings),
    )
    _answered(ready, first)
    exchange = ready.chat.send_prompt(
        "ann",
        first.conversation.id,
        Draft("word " * 350),
        DEFAULT_MODEL,
        lambda: True,
        ConversationContent(_path(ready, first), settings=settings),
    )
    _answered(ready, exchange)
    assert _asked(fake) == ["word " * 350]


def _seen_by_another(fake: FakeOllama, ready: Services, loop: LoopThread) -> str:
    """A conversation in which a model with vision saw an image; returns its id."""
    fake.set(models=[DEFAULT_MODEL, "seer:1b"], capabilities={"seer:1b": ["vision"]})
    loop.run(ready.models.read_installed())
    draft = Draft("Look", [Attachment("a.png", "image/png", 5, b"pixel")])
    exchange = ready.chat.send_prompt("ann", None, draft, "seer:1b", lambda: True)
    _answered(ready, exchange)
    return exchange.conversation.id


def test_a_model_that_cannot_see_is_asked_without_the_images_of_before(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    talk = _seen_by_another(fake, ready, loop)
    exchange = ready.chat.send_prompt("ann", talk, Draft("And now?"), DEFAULT_MODEL, lambda: True)
    _answered(ready, exchange)
    assert not any(one.get("images") for one in fake.bodies()[-1]["messages"])
    answer = _path(ready, exchange)[-1]
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
    _answered(ready, exchange)
    assert not any(one.get("images") for one in fake.bodies()[-1]["messages"])
    answer = _path(ready, exchange)[-1]
    assert (answer.state, answer.statistics.images_left_out) == ("done", 1)


def test_a_model_that_tells_nothing_of_itself_is_sent_images(
    fake: FakeOllama, ready: Services, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = [replace(one, capabilities=frozenset()) for one in ready.models.installed]
    monkeypatch.setattr(ready.models, "installed", unknown)
    draft = Draft("Look", [Attachment("a.png", "image/png", 5, b"pixel")])
    exchange = ready.chat.send_prompt("ann", None, draft, DEFAULT_MODEL, lambda: True)
    _answered(ready, exchange)
    assert fake.bodies()[-1]["messages"][1]["images"] == ["cGl4ZWw="]


def test_attachments_reach_the_model_in_this_turn_and_the_next(
    fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    fake.capabilities = {"seer:1b": ["vision"]}
    fake.models = [*fake.models, "seer:1b"]
    loop.run(ready.models.read_installed())
    files = [
        Attachment("note.txt", "text/txt", 4, b"Text"),
        Attachment("a.png", "image/png", 5, b"pixel"),
    ]
    send = ready.chat.send_prompt
    exchange = send("ann", None, Draft("Look", files), "seer:1b", lambda: True)
    _answered(ready, exchange)
    exchange = send("ann", exchange.conversation.id, Draft("And now?"), "seer:1b", lambda: True)
    _answered(ready, exchange)
    for body in fake.bodies():
        first = body["messages"][1]
        assert first["content"] == 'Look\n\n<file name="note.txt">\nText\n</file>'
        assert first["images"] == ["cGl4ZWw="]


def test_a_file_without_a_word_is_answered_and_names_the_conversation(
    fake: FakeOllama, ready: Services
) -> None:
    send = ready.chat.send_prompt
    draft = Draft(" ", [Attachment("my_note.txt", "text/plain", 4, b"Text")])
    exchange = send("ann", None, draft, DEFAULT_MODEL, lambda: True)
    _answered(ready, exchange)
    assert ready.history.list_conversations("ann")[0].title == "my_note.txt"
    exchange = send("ann", exchange.conversation.id, Draft("And now?"), DEFAULT_MODEL, lambda: True)
    _answered(ready, exchange)
    for body in fake.bodies():
        assert body["messages"][1]["content"].strip().startswith('<file name="my_note.txt">')


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


def test_an_edited_prompt_is_answered_with_what_stands_above_it(
    fake: FakeOllama, ready: Services, send: Send
) -> None:
    fake.tokens = ["Fine"]
    first = send("One")
    _answered(ready, first)
    second = send("Two", first.conversation.id, before=_path(ready, first))
    _answered(ready, second)
    above = ConversationContent(_path(ready, first)[:2])
    draft = Draft("Deux", instead_of=second.prompt.id)
    exchange = ready.chat.send_prompt(
        "ann", first.conversation.id, draft, DEFAULT_MODEL, lambda: True, above
    )
    _answered(ready, exchange)
    assert _asked(fake) == ["One", "Fine", "Deux"]
    assert [one.content for one in _path(ready, exchange)] == ["One", "Fine", "Deux", "Fine"]
