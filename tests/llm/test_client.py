"""Answers through LangChain from an Ollama that answers, falls silent or is not there."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatbot import errors
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.llm.client import Llm
from chatbot.llm.model_names import canonical_name
from chatbot.llm.model_rules import ModelForbidden
from chatbot.settings import Settings
from chatbot.urls import ServerUrl
from tests.support.answers import HELLO, SYSTEM, collect_pieces
from tests.support.fake_ollama.exchange import Exchange
from tests.support.fake_ollama.server import (
    DEFAULT_MODEL,
    FakeOllama,
    cut,
    prose,
    stall,
)
from tests.support.fake_ollama.shapes import line
from tests.support.product import LoopThread


def test_an_answer_comes_in_pieces_and_ends_with_what_ollama_counted(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    fake.set(tokens=["Good", " day", "!"], prompt_tokens=7, first_token_delay=0.1)
    *pieces, last = loop.run(collect_pieces(llm))
    assert "".join(piece.text for piece in pieces) == "Good day!"
    assert not any(piece.statistics for piece in pieces)
    assert last.statistics is not None
    assert (last.statistics.input_tokens, last.statistics.output_tokens) == (7, 3)
    assert last.statistics.done_reason == "stop"
    assert 0.1 <= last.statistics.prompt_s < 10
    assert last.statistics.eval_s > 0


@pytest.mark.configured(num_ctx=512, num_predict=32, num_thread=2, chat_model="other")
def test_the_request_has_the_system_prompt_the_conversation_and_the_options(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    loop.run(
        collect_pieces(
            llm,
            [
                ChatMessage("user", "One"),
                ChatMessage("assistant", "Two"),
                ChatMessage("user", "Three"),
            ],
        )
    )
    [body] = fake.bodies()
    assert (body["model"], body["stream"]) == (DEFAULT_MODEL, True)
    assert [(one["role"], one["content"]) for one in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "One"),
        ("assistant", "Two"),
        ("user", "Three"),
    ]
    assert body["options"] == {"num_ctx": 512, "num_predict": 32, "num_thread": 2}


def test_a_stream_that_is_cut_between_two_reads_has_lost_none_of_its_words(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    words = prose(50)
    fake.set(tokens=[*words, " never", " sent"], tokens_per_second=400)
    fake.fail(cut(50))
    came: list[str] = []

    async def take() -> None:
        async for piece in llm.stream_answer(GenerationRequest(DEFAULT_MODEL, HELLO, SYSTEM)):
            came.append(piece.text)

    with pytest.raises(errors.OllamaFailed):
        loop.run(take())
    assert "".join(came) == "".join(words)


def test_thinking_comes_whether_or_not_it_was_asked_for(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    fake.set(thinking=["Let me", " see"], tokens=["Four"])
    pieces = loop.run(collect_pieces(llm))
    assert "".join(piece.thinking for piece in pieces) == "Let me see"
    assert "".join(piece.text for piece in pieces) == "Four"
    assert "think" not in fake.bodies()[-1]


def test_a_last_line_without_a_line_end_is_read(
    fake: FakeOllama, llm: Llm, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream_line(exchange: Exchange, line: bytes) -> None:
        await exchange.write(line + (b"" if b'"done":true' in line else b"\n"))

    monkeypatch.setattr(Exchange, "stream_line", stream_line)
    *_, last = loop.run(collect_pieces(llm))
    assert last.statistics is not None


def test_without_num_thread_ollama_chooses(fake: FakeOllama, llm: Llm, loop: LoopThread) -> None:
    loop.run(collect_pieces(llm))
    assert "num_thread" not in fake.bodies()[0]["options"]


def test_the_user_and_password_in_the_address_open_an_ollama_behind_a_proxy(
    fake: FakeOllama, settings: Settings, loop: LoopThread
) -> None:
    fake.basic_auth = "ann:hush"
    url = ServerUrl(fake.url.replace("://", "://ann:hush@"))
    llm = Llm(settings.model_copy(update={"ollama_base_url": url}))
    assert "".join(piece.text for piece in loop.run(collect_pieces(llm)))
    assert loop.run(llm.fetch_json("/api/tags"))["models"]
    loop.run(llm.close())


LINE = line(DEFAULT_MODEL, chat=True, text="")


def test_a_proxy_that_wants_another_address_gets_the_same_request_there(
    fake: FakeOllama, loop: LoopThread, tmp_path: Path
) -> None:
    class Moved(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(301)
            self.send_header("location", fake.url + self.path)
            self.send_header("content-type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Moved) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        llm = Llm(Settings(data_dir=tmp_path, ollama_base_url=ServerUrl(url)))
        assert loop.run(collect_pieces(llm))
        loop.run(llm.close())
        server.shutdown()


def test_a_stream_that_ends_without_its_last_line_may_be_incomplete(
    fake: FakeOllama, llm: Llm, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.fake_ollama.shapes.last_line", lambda *_, **__: LINE)
    with pytest.raises(errors.OllamaFailed, match="did not say that the answer is complete"):
        loop.run(collect_pieces(llm))


@pytest.mark.configured(token_timeout=0.5)
@pytest.mark.parametrize("after", [0, 3])
def test_an_ollama_that_falls_silent_is_not_waited_for_longer_than_token_timeout(
    fake: FakeOllama, llm: Llm, loop: LoopThread, after: int
) -> None:
    fake.fail(stall(after))
    with pytest.raises(errors.TimedOut, match=r"silent for 0\.5 seconds.*raise TOKEN_TIMEOUT"):
        loop.run(collect_pieces(llm))
    fake.wait_for(lambda one: one.active == 0 and one.aborted == 1)


def test_a_host_that_does_not_react_is_given_up_after_connect_timeout(
    loop: LoopThread, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        address = deaf.getsockname()
        url = f"http://127.0.0.1:{address[1]}"
        llm = Llm(Settings(data_dir=tmp_path, ollama_base_url=ServerUrl(url), connect_timeout=0.2))
        with socket.create_connection(address), pytest.raises(errors.OllamaUnreachable):
            loop.run(collect_pieces(llm), timeout=5)  # its queue of one is full
        loop.run(llm.close())


def test_closing_the_stream_ends_the_evaluation_on_the_server(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    fake.fail(stall(1))

    async def first_piece() -> str:
        stream = llm.stream_answer(GenerationRequest(DEFAULT_MODEL, HELLO))
        piece = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return piece.text

    assert loop.run(first_piece()) == prose(1)[0]
    fake.wait_for(lambda one: one.active == 0 and one.aborted == 1)


def test_many_answers_are_read_at_once(fake: FakeOllama, llm: Llm, loop: LoopThread) -> None:
    fake.fail(stall(1), times=120)

    async def all_of_them() -> int:
        answers = asyncio.gather(*(collect_pieces(llm) for _ in range(120)))
        await asyncio.to_thread(fake.wait_for, lambda one: one.active == 120)
        fake.resume()
        return len(await answers)

    assert loop.run(all_of_them()) == 120


def test_each_answer_opens_a_connection_of_its_own(loop: LoopThread, tmp_path: Path) -> None:
    """So that a replica that was added takes the next one."""
    clients = []

    class Replica(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections can be kept

        def do_POST(self) -> None:
            clients.append(self.client_address)
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps(LINE | {"done": True}).encode() + b"\n"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Replica) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        llm = Llm(Settings(data_dir=tmp_path, ollama_base_url=ServerUrl(url)))
        for _ in range(3):
            loop.run(collect_pieces(llm))
        loop.run(llm.close())
        server.shutdown()
    assert len(set(clients)) == 3


@pytest.mark.configured(num_ctx=512, num_thread=2)
def test_a_model_is_loaded_with_the_options_of_answers(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    loop.run(llm.load_model(DEFAULT_MODEL))
    assert fake.loaded == [DEFAULT_MODEL]
    [body] = fake.bodies("/api/generate")
    assert body["options"] == {"num_ctx": 512, "num_thread": 2}


@pytest.mark.parametrize("name", ["gpt-oss:20b-cloud", "innocent"])
def test_a_model_that_runs_elsewhere_is_not_asked(
    fake: FakeOllama, llm: Llm, loop: LoopThread, name: str
) -> None:
    llm.elsewhere = frozenset({canonical_name("innocent")})

    async def ask() -> None:
        async for _ in llm.stream_answer(GenerationRequest(name, [ChatMessage("user", "Hi")])):
            pass

    with pytest.raises(ModelForbidden):
        loop.run(ask())
    assert not fake.requests
