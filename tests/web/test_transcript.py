"""The routes of the transcript over HTTP: what is shown, what comes of an answer, and its end."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

from chatbot.chat.conversation_content import Draft
from chatbot.chat.shares import READS_PER_MINUTE, Asker
from chatbot.domain.attachment import Attachment
from chatbot.domain.exchange import Exchange
from chatbot.domain.statistics import Statistics
from chatbot.history import History
from chatbot.identity import visitor_cookie
from chatbot.services import Services
from chatbot.web import generation_events, transcript
from chatbot.web.transcript_models import EndEvent, ExchangeEvent, Transcript, WaitEvent
from tests.support.events import Event, Listener, read_events
from tests.support.exchanges import Send, wait_until_answered
from tests.support.fake_ollama.server import (
    CRASHED,
    DEFAULT_MODEL,
    FakeOllama,
    cut,
    model_missing,
    prose,
    stall,
)
from tests.support.files import image
from tests.support.product import LoopThread, wait_for
from tests.support.shares import stop_clock

PICTURE = Attachment("one.png", "image/png", 68, image("PNG"))
NOTE = Attachment("note.txt", "text/plain", 8, b"Remember")
MODELS: dict[str, type[BaseModel]] = {"exchange": ExchangeEvent, "wait": WaitEvent, "end": EndEvent}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at again and again is looked at more often."""
    monkeypatch.setattr(generation_events, "STORED_S", 0.02)
    monkeypatch.setattr(generation_events, "WAIT_S", 0.02)


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    """One event loop for the server and all tests."""
    with LoopThread() as thread:
        yield thread


@pytest.fixture(scope="module")
def server_url(loop: LoopThread) -> Iterator[str]:
    """The address of the routes, served by uvicorn as the product does."""
    app = Starlette(routes=transcript.ROUTES)
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http="httptools")
    server = uvicorn.Server(config)
    serving = asyncio.run_coroutine_threadsafe(server.serve(), loop.loop)
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    serving.result(20)


AskAs = Callable[..., httpx.Client]


@pytest.fixture
def ask_as(ready: Services, server_url: str) -> Iterator[AskAs]:
    """A client with a visitor's cookie (None: without one) and these headers."""
    clients: list[httpx.Client] = []

    def start(visitor: str | None, **headers: str) -> httpx.Client:
        signed = {visitor_cookie.COOKIE: ready.users.sign_visitor_id(visitor)} if visitor else {}
        client = httpx.Client(base_url=server_url, cookies=signed, headers=headers, timeout=60)
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def ann(ask_as: AskAs) -> httpx.Client:
    """Ann's browser."""
    return ask_as("ann")


@pytest.fixture
def send(ready: Services) -> Send:
    """Sends a prompt of Ann's that nobody watches but the clients."""

    def act(prompt: str = "Hello") -> Exchange:
        return ready.chat.send_prompt("ann", None, Draft(prompt), DEFAULT_MODEL, lambda: False)

    return act


def _listen(client: httpx.Client, exchange: Exchange, **start: str) -> Listener:
    listener = Listener(**start)  # type: ignore[arg-type]
    listener.listen(client, exchange.answer.id)
    return listener


def _read_names(client: httpx.Client, path: str) -> list[Event]:
    with client.stream("GET", path) as reply:
        events = list(read_events(reply.iter_lines()))
    for event in events:
        if model := MODELS.get(event.name):
            model.model_validate(event.data)
    return events


# Messages


def test_who_loads_too_much_is_told_when_to_go_on(
    ask_as: AskAs, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch)
    ready.shares.take_reads(Asker("ann"), READS_PER_MINUTE)
    reply = ask_as("ann", **{"Accept-Language": "de"}).get("/conversations/any/messages")
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_reads")
    assert reply.json()["error"].startswith("Ein Besucher darf 600 Teile")
    assert int(reply.headers["retry-after"]) > 0
    assert ask_as("bob").get("/conversations/any/messages").status_code == 404


def test_a_conversation_is_told_as_it_is_shown(
    ann: httpx.Client, ready: Services, fake: FakeOllama
) -> None:
    fake.set(tokens=["Good", " day"], prompt_tokens=7)
    exchange = ready.history.store_prompt("ann", None, "See <b>", "m", files=[NOTE, PICTURE])
    again = ready.chat.answer_again(
        "ann", exchange.conversation.id, exchange.answer.id, DEFAULT_MODEL, lambda: True
    )
    wait_until_answered(ready, again)
    reply = ann.get(f"/conversations/{exchange.conversation.id}/messages")
    assert reply.headers["cache-control"] == "no-store"
    told = Transcript.model_validate_json(reply.content)
    assert (told.id, told.title, told.model) == (exchange.conversation.id, "See <b>", DEFAULT_MODEL)
    prompt, answer = told.messages
    assert (prompt.role, prompt.content, prompt.versions) == ("user", "See <b>", [])
    note, picture = prompt.files
    assert (note.name, note.size, note.image, note.thumbnail) == ("note.txt", 8, None, None)
    assert (picture.name, picture.size) == ("one.png", 68)
    assert picture.image == f"attachments/{exchange.prompt.id}-001"
    assert picture.thumbnail == f"{picture.image}/thumbnail"
    assert (answer.role, answer.content, answer.state) == ("assistant", "Good day", "done")
    assert answer.versions == [exchange.answer.id, again.answer.id]
    assert answer.notes == [f"Images were left out: {DEFAULT_MODEL} cannot see them"]
    assert answer.error is None
    assert answer.statistics is not None
    assert (answer.statistics.input_tokens, answer.statistics.output_tokens) == (7, 2)


def test_the_addresses_for_a_browser_without_cookies_say_whose_they_are(
    ask_as: AskAs, ready: Services
) -> None:
    exchange = ready.history.store_prompt("ann", None, "See", "m", files=[PICTURE])
    path = f"/conversations/{exchange.conversation.id}/messages"
    assert ask_as(None).get(path).status_code == 404
    credential = ready.users.sign_visitor_id("ann")
    told = Transcript.model_validate_json(ask_as(None).get(f"{path}?visitor={credential}").content)
    (file,) = told.messages[0].files
    address = f"attachments/{exchange.prompt.id}-000"
    assert file.image == f"{address}?visitor={credential}"
    assert file.thumbnail == f"{address}/thumbnail?visitor={credential}"


def test_nothing_of_somebody_else_can_be_had_or_stopped(
    ask_as: AskAs, send: Send, fake: FakeOllama, ready: Services
) -> None:
    fake.fail(stall(2))
    exchange = send()
    paths = (
        ("GET", f"/conversations/{exchange.conversation.id}/messages"),
        ("GET", f"/generations/{exchange.answer.id}/events"),
        ("POST", f"/generations/{exchange.answer.id}/stop"),
    )
    for other in ("eve", None):
        for method, path in paths:
            refused = ask_as(other, **{"Accept-Language": "de"}).request(method, path)
            assert refused.status_code == 404
            assert refused.json() == {
                "error": "Diese Unterhaltung gibt es nicht. Wählen Sie eine aus der Liste.",
                "code": "not_found",
                "arguments": {},
            }
    generation = ready.chat.find_generation(exchange.answer.id)
    assert generation is not None
    assert generation.ending is None


# What stands below the last answer and between messages


def _read_transcript(client: httpx.Client, conversation_id: str) -> Transcript:
    reply = client.get(f"/conversations/{conversation_id}/messages")
    return Transcript.model_validate_json(reply.content)


FIGURES = Statistics(done_reason="stop", num_ctx=4096)


def _store(ready: Services, figures: Statistics, prompts: int = 1) -> Exchange:
    """Stores a conversation of Ann's whose last answer has these figures."""
    of = None
    for number in range(prompts):
        exchange = ready.history.store_prompt("ann", of, f"Prompt {number}", DEFAULT_MODEL)
        of, last = exchange.conversation.id, figures if number == prompts - 1 else Statistics()
        ready.history.finish_answer(
            exchange.answer.id, content="Good day", state="done", statistics=last
        )
    return exchange


def test_a_window_that_gets_full_is_told_with_what_helps(ask_as: AskAs, ready: Services) -> None:
    exchange = _store(ready, replace(FIGURES, input_tokens=3000, output_tokens=500), prompts=3)
    german = ask_as("ann", **{"Accept-Language": "de"})
    usage = _read_transcript(german, exchange.conversation.id).usage
    assert usage is not None
    assert (usage.used, usage.window, usage.exact) == (3500, 4096, True)
    assert usage.text == "Kontext: 3.500 von 4.096 Tokens"
    assert usage.warning == "Das Kontextfenster ist fast voll. Das Älteste wird weggelassen."
    assert [offer.label for offer in usage.offers] == [
        "Kontextfenster auf 8.192 Tokens vergrößern",
        "Die ältesten Nachrichten zusammenfassen",
    ]


def test_what_no_longer_fits_and_what_is_summarized_is_told_where_it_ends(
    ann: httpx.Client, ready: Services
) -> None:
    exchange = _store(
        ready, replace(FIGURES, input_tokens=3000, output_tokens=500, left_out=2), prompts=3
    )
    shown = _read_transcript(ann, exchange.conversation.id)
    assert shown.boundary is not None
    assert shown.boundary.before == shown.messages[2].id
    assert shown.boundary.text == "What stands above no longer fits the context window."
    assert shown.messages[-1].notes == ["The first 2 messages no longer fit the context window"]


def test_the_figures_are_one_line_in_the_readers_numbers(ask_as: AskAs, ready: Services) -> None:
    exchange = _store(ready, replace(FIGURES, input_tokens=1200, output_tokens=48))
    french = ask_as("ann", **{"Accept-Language": "fr"})
    figures = _read_transcript(french, exchange.conversation.id).messages[-1].figures
    space = "\N{NARROW NO-BREAK SPACE}"
    assert figures == (
        f"{DEFAULT_MODEL} · 1{space}200 tokens en entrée, 48 en sortie · "
        f"1{space}248 sur 4{space}096 tokens de contexte"
    )


def test_a_missing_model_is_offered_to_be_pulled_at_the_end_of_its_answer(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    end = _ask_missing_model(ann, send, fake)
    assert end["usage"]["offers"] == [
        {"act": "pull", "label": f"Pull {DEFAULT_MODEL}", "model": DEFAULT_MODEL}
    ]


@pytest.mark.configured(model_managers="nobody")
def test_a_missing_model_is_not_offered_to_those_who_may_not_pull_it(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    end = _ask_missing_model(ann, send, fake)
    assert not (end["usage"] or {}).get("offers")


def _ask_missing_model(ann: httpx.Client, send: Send, fake: FakeOllama) -> dict[str, Any]:
    """Return the last event of an answer for which the model is missing."""
    fake.fail(model_missing(DEFAULT_MODEL))
    listener = _listen(ann, send())
    assert listener.answer["error"]["code"] == "model_missing"
    assert listener.end is not None
    return listener.end


# Events


def test_the_events_are_the_exchange_then_the_text_then_the_end(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    fake.set(tokens=24, tokens_per_second=60, first_token_delay=0.2)
    exchange = send("Tell me")
    events = _read_names(ann, f"/generations/{exchange.answer.id}/events")
    names = [event.name for event in events]
    assert names[0] == "exchange"
    assert names[-1] == "end"
    assert set(names[1:-1]) == {"wait", "message"}
    first, end = events[0].data, events[-1].data
    assert first["prompt"]["content"] == "Tell me"
    assert (first["answer"]["content"], first["answer"]["state"]) == ("", "writing")
    assert "".join(event.data for event in events if event.name == "message") == "".join(prose(24))
    assert (end["answer"]["id"], end["answer"]["state"]) == (exchange.answer.id, "done")
    assert (end["answer"]["content"], end["answer"]["thinking"]) == (None, None)
    assert end["answer"]["statistics"]["output_tokens"] == 24
    assert end["title"] == "Tell me"


def test_nothing_between_keeps_the_events_from_coming_at_once(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    fake.fail(stall(2))
    exchange = send()
    with ann.stream("GET", f"/generations/{exchange.answer.id}/events") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-accel-buffering"] == "no"
        texts = (event.data for event in read_events(reply.iter_lines()) if event.id)
        first = next(texts)
        text = first["answer"]["content"] or next(texts)
        while text != "".join(prose(2)):
            text += next(texts)
    fake.resume()


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_the_events_take_few_bytes_and_come_one_by_one(
    ask_as: AskAs, send: Send, fake: FakeOllama, coding: str
) -> None:
    fake.set(tokens=["word "] * 60, tokens_per_second=100)
    client = ask_as("ann", **{"Accept-Encoding": coding})
    with client.stream("GET", f"/generations/{send().answer.id}/events") as reply:
        assert reply.headers.get("content-encoding", "identity") == coding
        parts = list(reply.iter_raw())
    assert len(parts) > 5
    whole = b"".join(parts)
    body = gzip.decompress(whole) if coding == "gzip" else whole
    listener = Listener()
    for event in read_events(body.decode().split("\n")):
        listener.take(event)
    assert listener.text == "word " * 60
    assert len(whole) < len(body) / 2 or coding == "identity"


THINKERS = [
    ({"thinking": ["Well", ", well"], "tokens": ["Good", " day"]}, ["thinking", "message"]),
    ({"tokens": ["<think>Well", ", well", "</think>", "Good", " day"]}, ["thinking", "message"]),
    ({"tokens": ["Well", ", well", "\n</think>\n\n", "Good", " day"]}, ["moved", "message"]),
    ({"tokens": ["Well", ", well\n</", "think>", "\n\nGood", " day"]}, ["exchange"]),
]


@pytest.mark.parametrize(("knobs", "names"), THINKERS)
def test_thinking_comes_by_itself_also_where_it_was_text_at_first(
    ann: httpx.Client,
    send: Send,
    fake: FakeOllama,
    knobs: dict[str, list[str]],
    names: list[str],
) -> None:
    fake.set(**knobs, tokens_per_second=8)
    fake.capabilities = {DEFAULT_MODEL: ["thinking"]} if "thinking" in knobs else {}
    listener = _listen(ann, send())
    assert (listener.thinking.strip(), listener.text) == ("Well, well", "Good day")
    assert set(names) <= set(listener.names[1:])
    assert listener.answer["thought_s"] > 0


@pytest.mark.parametrize("tokens", [["Ab", " c\N{GRINNING FACE}", "\n", "d"] * 6])
def test_a_reader_who_was_cut_off_anywhere_gets_all_and_nothing_twice(
    ann: httpx.Client, send: Send, fake: FakeOllama, tokens: list[str]
) -> None:
    thinking = ["We", "ll"]
    fake.capabilities = {DEFAULT_MODEL: ["thinking"]}
    fake.set(tokens=tokens, thinking=thinking, tokens_per_second=100)
    exchange = send()
    listener = Listener()
    while listener.end is None:
        listener.listen(ann, exchange.answer.id, most_events=1)
    assert (listener.thinking, listener.text) == ("Well", "".join(tokens))
    assert listener.names.count("exchange") == 1


def test_any_position_is_gone_on_from_after_the_end(
    ann: httpx.Client, send: Send, fake: FakeOllama, ready: Services
) -> None:
    fake.capabilities = {DEFAULT_MODEL: ["thinking"]}
    fake.set(thinking=["We", "ll"], tokens=["Good", " day"])
    exchange = send()
    wait_until_answered(ready, exchange)
    positions = [("Well"[:count], "") for count in range(5)]
    positions += [("Well", "Good day"[:count]) for count in range(9)]
    for thinking, text in positions:
        start = {"last_id": f"{len(thinking)}.{len(text)}", "thinking": thinking, "text": text}
        listener = _listen(ann, exchange, **start)
        assert (listener.thinking, listener.text) == ("Well", "Good day")
        assert "exchange" not in listener.names
        assert listener.end is not None


@pytest.mark.parametrize("last_id", ["x", "9.9", "0.99", "-1.0", "1.1.1"])
def test_a_position_that_nobody_can_have_begins_anew(
    ann: httpx.Client, send: Send, fake: FakeOllama, ready: Services, last_id: str
) -> None:
    fake.set(tokens=["Well", "\n</think>\n", "Good", " day"])
    exchange = send()
    wait_until_answered(ready, exchange)
    listener = _listen(ann, exchange, last_id="0.4", text="Well")  # from before it was thinking
    assert (listener.thinking, listener.text) == ("Well", "Good day")
    assert listener.names == ["exchange", "end"]
    path = f"/generations/{exchange.answer.id}/events?last={last_id}"
    names = [event.name for event in _read_names(ann, path)]
    assert names == ["exchange", "end"]


def test_an_error_ends_the_answer_in_the_readers_language(
    ask_as: AskAs, send: Send, fake: FakeOllama
) -> None:
    fake.fail(cut(2))
    listener = _listen(ask_as("ann", **{"Accept-Language": "de-DE"}), send())
    assert listener.text == "".join(prose(2))
    assert (listener.answer["state"], listener.answer["may_retry"]) == ("failed", True)
    assert listener.answer["error"] == {
        "code": "answer_broke_off",
        "text": "Die Antwort brach vor ihrem Ende ab. Fragen Sie noch einmal; was bisher kam, "
        "bleibt erhalten.",
    }


def test_what_an_error_quotes_stands_as_it_is(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    fake.fail(CRASHED)
    listener = _listen(ann, send())
    assert listener.answer["error"]["text"].endswith(
        "llama runner process has terminated: exit status 2"
    )


def test_while_nothing_has_come_the_reader_is_told_why(
    ask_as: AskAs, send: Send, fake: FakeOllama, ready: Services
) -> None:
    fake.slots = 0
    first, second = send(), send()
    german = ask_as("ann", **{"Accept-Language": "de"})
    with german.stream("GET", f"/generations/{second.answer.id}/events") as reply:
        waits = (one.data["text"] for one in read_events(reply.iter_lines()) if one.name == "wait")
        assert next(waits) == "In der Schlange, 1 Antwort vor Ihrer…"
        ready.chat.stop_answer("ann", first.answer.id)
        assert next(waits) == "Liest den Prompt…"


def test_a_long_silence_is_broken_by_a_comment(
    ann: httpx.Client, send: Send, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_events, "KEEP_ALIVE_S", 0.05)
    fake.fail(stall(2))
    with ann.stream("GET", f"/generations/{send().answer.id}/events") as reply:
        comments = (one for one in read_events(reply.iter_lines()) if one.name == "comment")
        assert next(comments)
        assert next(comments)


# Who watches


def test_a_reader_counts_as_one_who_waits_as_long_as_they_read_and_leaves_nothing_behind(
    ann: httpx.Client, send: Send, fake: FakeOllama, ready: Services, loop: LoopThread
) -> None:
    fake.fail(stall(2))
    exchange = send()
    generation = ready.chat.find_generation(exchange.answer.id)
    assert generation is not None
    assert not generation.is_watched

    async def count_tasks() -> int:
        return len(asyncio.all_tasks())

    before = loop.run(count_tasks())
    with ann.stream("GET", f"/generations/{exchange.answer.id}/events") as reply:
        events = read_events(reply.iter_lines())
        next(events)
        assert generation.is_watched
    wait_for(lambda: not generation.is_watched)
    wait_for(lambda: loop.run(count_tasks()) <= before)
    assert generation.ending is None


# Stop


def test_a_stop_in_the_middle_ends_the_answer_and_its_events(
    ann: httpx.Client, send: Send, fake: FakeOllama
) -> None:
    fake.fail(stall(2))
    exchange = send()
    listener = Listener()
    while listener.text != "".join(prose(2)):
        listener.listen(ann, exchange.answer.id, most_events=1)
    reply = ann.post(
        f"/generations/{exchange.answer.id}/stop", headers={"Origin": str(ann.base_url).rstrip("/")}
    )
    assert (reply.status_code, reply.content) == (204, b"")
    listener.listen(ann, exchange.answer.id)
    assert (listener.answer["state"], listener.answer["notes"]) == ("stopped", ["Stopped"])
    assert listener.answer["may_continue"]
    assert ann.post(f"/generations/{exchange.answer.id}/stop").status_code == 204
    fake.wait_for(lambda one: one.aborted == 1)


# Another replica writes it


@pytest.fixture
def elsewhere(ready: Services) -> Iterator[History]:
    """The history as another replica has it."""
    with closing(History(f"sqlite:///{ready.settings.data_dir / 'chat.db'}")) as history:
        yield history


def test_an_answer_of_another_replica_is_followed_by_what_it_saves(
    ann: httpx.Client, elsewhere: History
) -> None:
    exchange = elsewhere.store_prompt("ann", None, "Hello", "m")
    steps = [("", "Well,"), ("Well, well", ""), ("Well, well", "Good")]
    listener = Listener()
    with ann.stream("GET", f"/generations/{exchange.answer.id}/events") as reply:
        events = read_events(reply.iter_lines())
        while not listener.waits:
            listener.take(next(events))
        for thinking, text in steps:
            elsewhere.save_answer(exchange.answer.id, content=text, thinking=thinking)
            while (listener.thinking, listener.text) != (thinking, text):
                listener.take(next(events))
        elsewhere.finish_answer(
            exchange.answer.id, content="Good day", thinking="Well, well", state="done"
        )
        for event in events:
            listener.take(event)
    assert (listener.thinking, listener.text) == ("Well, well", "Good day")
    assert listener.waits == ["Reading the prompt…"]
    assert "moved" in listener.names
    assert listener.names.count("exchange") == 1


def test_an_answer_of_another_replica_is_stopped_too(ann: httpx.Client, elsewhere: History) -> None:
    exchange = elsewhere.store_prompt("ann", None, "Hello", "m")
    assert ann.post(f"/generations/{exchange.answer.id}/stop").status_code == 204
    assert not elsewhere.save_answer(exchange.answer.id, content="Good")
    assert _listen(ann, exchange).answer["state"] == "stopped"


def test_a_reader_of_a_process_that_is_about_to_end_asks_another_one(
    ann: httpx.Client, elsewhere: History, ready: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = elsewhere.store_prompt("ann", None, "Hello", "m")
    monkeypatch.setattr(ready.generations, "draining", True)
    assert _listen(ann, exchange).end is None


def test_a_deleted_answer_ends_its_events(ann: httpx.Client, elsewhere: History) -> None:
    exchange = elsewhere.store_prompt("ann", None, "Hello", "m")
    with ann.stream("GET", f"/generations/{exchange.answer.id}/events") as reply:
        events = read_events(reply.iter_lines())
        next(events)
        elsewhere.delete_conversation("ann", exchange.conversation.id)
        assert [event.name for event in events if event.name == "end"] == []
