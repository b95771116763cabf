"""The routes for programs, over HTTP: each status, and nothing generated for a client that left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from chatbot.llm import readiness
from chatbot.services import Services
from chatbot.web import api
from chatbot.web.api_models import (
    AnswerPart,
    Failure,
    LastLine,
    LastLineOfFailure,
    WholeAnswer,
)
from tests.support.fake_ollama.server import (
    BUSY,
    CRASHED,
    DEFAULT_MODEL,
    OUT_OF_MEMORY,
    FakeOllama,
    Fault,
    cut,
    error_line,
    malformed,
    prose,
    stall,
)
from tests.support.product import LoopThread, wait_for

DOWN = "Ollama does not answer at {}. Start it with `ollama serve`; the chat goes on by itself."


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat looks for Ollama more often than it would."""
    monkeypatch.setattr(readiness, "LOOK_READY_S", 0.2)


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    """One event loop for the server and all tests."""
    with LoopThread() as thread:
        yield thread


@pytest.fixture(scope="module")
def server(loop: LoopThread) -> Iterator[httpx.Client]:
    """A client of the routes, served by uvicorn as the product does."""
    app = Starlette(routes=api.ROUTES)
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http="httptools")
    server = uvicorn.Server(config)
    serving = asyncio.run_coroutine_threadsafe(server.serve(), loop.loop)
    wait_for(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    server.should_exit = True
    serving.result(20)


@pytest.fixture
def client(ready: Services, server: httpx.Client) -> httpx.Client:
    """A client of a chat that can answer now."""
    return server


def _ask(client: httpx.Client, prompt: Any = "Hello", **fields: Any) -> httpx.Response:
    response = client.post("/generate_text", json={"prompt": prompt, **fields})
    if response.headers["content-type"] == "application/json":
        kind = WholeAnswer if response.status_code == 200 else Failure
        kind.model_validate(response.json())
    return response


async def _ask_beside(client: httpx.Client, stream: bool) -> httpx.Response:
    """Asks on the event loop, so that the test can go on meanwhile or cancel it."""
    async with httpx.AsyncClient(base_url=client.base_url, timeout=60) as other:
        return await other.post("/generate_text", json={"prompt": "Hi", "stream": stream})


def _lines(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in response.iter_lines()]
    if response.headers["content-type"] == "application/x-ndjson":
        for line in lines:
            kind = (
                LastLineOfFailure if "error" in line else LastLine if line["done"] else AnswerPart
            )
            kind.model_validate(line)
    return lines


def test_an_answer_comes_whole_with_its_model_and_usage(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.set(tokens=["Good", " day"], prompt_tokens=7)
    response = _ask(client)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    ttft, queue, load = (body["usage"].pop(name) for name in ("ttft_s", "queue_s", "load_s"))
    assert ttft >= queue >= 0
    assert load < 0.001
    assert body == {
        "response": "Good day",
        "model": DEFAULT_MODEL,
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    }


def test_an_answer_is_streamed_in_lines_and_the_last_one_has_the_usage(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.set(tokens=["Good", " day"], prompt_tokens=7)
    with client.stream("POST", "/generate_text", json={"prompt": "Hi", "stream": True}) as found:
        assert found.status_code == 200
        assert found.headers["content-type"] == "application/x-ndjson"
        *parts, last = _lines(found)
    assert "".join(part["response"] for part in parts) == "Good day"
    assert not any(part["done"] for part in parts)
    assert (last["response"], last["done"], last["model"]) == ("", True, DEFAULT_MODEL)
    assert last["usage"]["completion_tokens"] == 2


THOUGHTS = [
    (["<think>Well.", "</think>", "Good", " day"], 3),
    (["Well.\n", "</think>", "Good", " day"], 1),
]


@pytest.mark.parametrize(("tokens", "first"), THOUGHTS)
def test_thinking_is_no_part_of_the_response(
    fake: FakeOllama, client: httpx.Client, tokens: list[str], first: int
) -> None:
    fake.tokens = tokens
    assert _ask(client).json()["response"] == "Good day"
    fake.fail(stall(first))
    text = ""
    with client.stream("POST", "/generate_text", json={"prompt": "Hi", "stream": True}) as found:
        for part in map(json.loads, found.iter_lines()):
            text = "" if part.get("reset") else text + part["response"]
            fake.resume()
    assert text == "Good day"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_text_is_an_error(
    fake: FakeOllama, client: httpx.Client, stream: bool
) -> None:
    fake.tokens = []
    response = _ask(client, stream=stream)
    assert (response.status_code, response.json()["code"]) == (502, "empty_answer")


def test_the_last_line_tells_how_long_the_answer_waited_for_its_turn(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.set(slots=1, first_token_delay=0.2)
    with ThreadPoolExecutor(2) as pool:
        waits = sorted(
            _lines(answer)[-1]["usage"]["queue_s"]
            for answer in pool.map(lambda _: _ask(client, stream=True), range(2))
        )
    assert waits[0] < waits[1]
    assert waits[1] >= 0.2


def test_the_first_words_are_streamed_before_the_last_are_written(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.fail(stall(2))
    with client.stream("POST", "/generate_text", json={"prompt": "Hi", "stream": True}) as found:
        lines = found.iter_lines()
        text = ""
        while text != "".join(prose(2)):
            text += json.loads(next(lines))["response"]
        fake.resume()
        assert json.loads(list(lines)[-1])["done"]


def test_the_model_and_the_system_prompt_reach_ollama(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.models = [*fake.models, "qwen:latest"]
    assert _ask(client, model="qwen").json()["model"] == "qwen"
    [body] = fake.bodies()
    assert body["model"] == "qwen"
    assert [one["role"] for one in body["messages"]] == ["system", "user"]


BAD_BODIES = [
    (b"{}", "prompt_not_given", 'The body must be an object with a "prompt".'),
    (b"[]", "prompt_not_given", 'The body must be an object with a "prompt".'),
    (b'"Hello"', "prompt_not_given", 'The body must be an object with a "prompt".'),
    (b'{"prompt": 5}', "prompt_not_text", '"prompt" must be a string.'),
    (b'{"prompt": null}', "prompt_not_text", '"prompt" must be a string.'),
    (b'{"prompt": ["Hello"]}', "prompt_not_text", '"prompt" must be a string.'),
    (b'{"prompt": ""}', "prompt_empty", "The prompt is empty. Write something."),
    (b'{"prompt": " \\n"}', "prompt_empty", "The prompt is empty. Write something."),
    (b"prompt=Hello", "bad_request", "The body is not valid JSON."),
    (b"", "bad_request", "The body is not valid JSON."),
    (b'{"prompt": "Hel', "bad_request", "The body is not valid JSON."),
    (b'{"prompt": "\xff"}', "bad_request", "The body is not valid JSON."),
    (b'{"prompt": "\\ud800"}', "bad_request", "The body is not valid JSON."),
    (b"[" * 100_000, "bad_request", "The body is not valid JSON."),
    *(
        (body, "options_not_valid", '"model" must be a name and "stream" true or false.')
        for body in (
            b'{"prompt": "Hi", "model": ""}',
            b'{"prompt": "Hi", "model": 5}',
            b'{"prompt": "Hi", "stream": "yes"}',
            b'{"prompt": "Hi", "stream": 1}',
        )
    ),
]


@pytest.mark.parametrize(("body", "code", "sentence"), BAD_BODIES)
def test_a_body_that_is_not_right_is_refused_with_what_is_wrong(
    fake: FakeOllama, client: httpx.Client, body: bytes, code: str, sentence: str
) -> None:
    response = client.post(
        "/generate_text", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json() == {"error": sentence, "code": code, "arguments": {}}
    assert not fake.bodies()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(client: httpx.Client, kind: str) -> None:
    response = client.post(
        "/generate_text", content=b'{"prompt": "Hi"}', headers={"content-type": kind}
    )
    assert response.status_code == 415
    assert response.json() == {
        "error": "Send JSON with the header Content-Type: application/json.",
        "code": "unsupported_media_type",
        "arguments": {},
    }


def test_the_content_type_may_name_its_charset(client: httpx.Client) -> None:
    kind = {"content-type": "application/json; charset=utf-8"}
    response = client.post("/generate_text", content=b'{"prompt": "Hi"}', headers=kind)
    assert response.status_code == 200


@pytest.mark.configured(max_prompt_chars=100)
@pytest.mark.parametrize(
    ("prompt", "code", "arguments", "sentence"),
    [
        (
            "a" * 101,
            "prompt_too_long",
            {"characters": 101, "most": 100},
            "The prompt has 101 characters and at most 100 are taken. Shorten it.",
        ),
        (
            "a" * 100_000,
            "body_too_long",
            {"most": 5296},
            "The body is longer than 5,296 bytes. Shorten it.",
        ),
    ],
)
def test_a_prompt_that_is_too_long_is_refused(
    client: httpx.Client, prompt: str, code: str, arguments: dict[str, int], sentence: str
) -> None:
    response = _ask(client, prompt)
    assert response.status_code == 413
    assert response.json() == {"error": sentence, "code": code, "arguments": arguments}


@pytest.mark.configured(max_prompt_chars=2000, num_ctx=100_000)
@pytest.mark.parametrize("letter", ["a", "é", "字", "😀"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_prompt_of_the_full_length_is_taken_in_any_script_and_spelling(
    client: httpx.Client, letter: str, ascii_only: bool
) -> None:
    body = json.dumps({"prompt": letter * 2000}, ensure_ascii=ascii_only).encode()
    response = client.post(
        "/generate_text", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 200


@pytest.mark.configured(num_ctx=256)
def test_a_prompt_beyond_the_context_window_is_refused(
    fake: FakeOllama, client: httpx.Client
) -> None:
    response = _ask(client, "word " * 1000)
    assert (response.status_code, response.json()["code"]) == (413, "context_overflow")
    assert not fake.bodies()


def _fault(fault: Fault) -> Callable[[FakeOllama], None]:
    return lambda fake: fake.fail(fault)


FAILURES = [
    (FakeOllama.stop, 503, "ollama_unreachable", DOWN),
    (
        _fault(OUT_OF_MEMORY),
        507,
        "out_of_memory",
        f"There is not enough free memory for {DEFAULT_MODEL}. Choose a smaller model or lower "
        f"the context window (Settings). Ollama says: {OUT_OF_MEMORY.error}",
    ),
    (
        _fault(CRASHED),
        502,
        "ollama_failed",
        f"Ollama could not answer. Try again. It says: {CRASHED.error}",
    ),
    (_fault(cut(0)), 503, "ollama_unreachable", DOWN),
    (
        _fault(malformed(0)),
        502,
        "answer_broke_off",
        "The answer broke off before its end. Ask again; what came so far is kept.",
    ),
    (
        _fault(BUSY),
        503,
        "ollama_busy",
        "Ollama has too many requests waiting. Try again in a minute.",
    ),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("happen", "status", "code", "sentence"), FAILURES)
def test_what_goes_wrong_before_the_first_word_has_its_status(
    fake: FakeOllama,
    client: httpx.Client,
    happen: Callable[[FakeOllama], None],
    status: int,
    code: str,
    sentence: str,
    stream: bool,
) -> None:
    happen(fake)
    response = _ask(client, stream=stream)
    assert response.status_code == status
    error = response.json()
    assert (error["error"], error["code"]) == (sentence.format(fake.url), code)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_not_found(client: httpx.Client, stream: bool) -> None:
    response = _ask(client, model="nothing:1b", stream=stream)
    assert response.status_code == 404
    assert response.json() == {
        "error": "The model nothing:1b is not installed. Pull it, or choose another.",
        "code": "model_missing",
        "arguments": {"model": "nothing:1b"},
    }


@pytest.mark.configured(answer_timeout=0.3)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_takes_too_long_times_out(
    fake: FakeOllama, client: httpx.Client, stream: bool
) -> None:
    fake.fail(stall(0))
    response = _ask(client, stream=stream)
    assert (response.status_code, response.json()["code"]) == (504, "answer_timed_out")


def test_what_goes_wrong_later_is_the_streams_last_line(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.fail(error_line(2))
    *parts, last = _lines(_ask(client, stream=True))
    assert "".join(part["response"] for part in parts) == "".join(prose(2))
    assert last == {
        "error": f"Ollama could not answer. Try again. It says: {Fault.error}",
        "code": "ollama_failed",
        "arguments": {"words": Fault.error},
        "done": True,
    }


@pytest.mark.configured(max_answers=1)
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_max_answers_is_refused(
    fake: FakeOllama, client: httpx.Client, stream: bool
) -> None:
    fake.fail(stall(1))
    with client.stream("POST", "/generate_text", json={"prompt": "Hi", "stream": True}):
        response = _ask(client, stream=stream)
        assert response.status_code == 503
        assert response.json() == {
            "error": "1 answer is under way, as many as this chat takes at once. "
            "Try again in a minute.",
            "code": "busy",
            "arguments": {"count": 1},
        }
        fake.resume()


def _queue(fake: FakeOllama) -> None:
    fake.slots = 0


def _read_prompt(fake: FakeOllama) -> None:
    fake.first_token_delay = 60


def _write(fake: FakeOllama) -> None:
    fake.fail(stall(3))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prepare", [_queue, _read_prompt, _write])
def test_a_client_that_leaves_ends_the_generation_on_the_server(
    fake: FakeOllama,
    client: httpx.Client,
    ready: Services,
    loop: LoopThread,
    prepare: Callable[[FakeOllama], None],
    stream: bool,
) -> None:
    prepare(fake)
    asking = asyncio.run_coroutine_threadsafe(_ask_beside(client, stream), loop.loop)
    fake.wait_for(lambda one: one.active + one.waiting == 1)
    if prepare is _write:
        wait_for(lambda: [one for one in ready.generations._running.values() if one.text])
    asking.cancel()
    fake.wait_for(lambda one: one.aborted == 1 and not one.active + one.waiting)
    wait_for(lambda: not ready.generations._running)


def test_livez_answers_even_without_ollama(fake: FakeOllama, client: httpx.Client) -> None:
    fake.stop()
    response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_readyz_says_that_a_prompt_would_be_answered(client: httpx.Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "progressing": False,
        "step": "ready",
        "text": "Ready",
        "model": DEFAULT_MODEL,
    }


def test_readyz_tells_the_step_and_the_cure_when_ollama_is_lost(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.stop()
    wait_for(lambda: client.get("/readyz").status_code == 503)
    assert client.get("/readyz").json() == {
        "ready": False,
        "progressing": False,
        "step": "ollama",
        "text": DOWN.format(fake.url),
        "model": DEFAULT_MODEL,
    }


def test_readyz_tells_how_far_the_pull_of_the_model_is(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.set(models=[], pull_layers=[100, 300])
    fake.fail(stall(14), path="/api/pull")
    pulling = {"completed": 130, "total": 400}
    wait_for(lambda: client.get("/readyz").json().get("pull") == pulling)
    assert client.get("/readyz").json()["step"] == "model"
    fake.resume()
    wait_for(lambda: client.get("/readyz").status_code == 200)
    assert "pull" not in client.get("/readyz").json()


def test_while_draining_readyz_says_no_and_prompts_are_answered_until_the_end(
    client: httpx.Client, ready: Services, loop: LoopThread
) -> None:
    ready.generations.draining = True
    response = client.get("/readyz")
    assert (response.status_code, response.json()["step"]) == (503, "draining")
    assert _ask(client).status_code == 200
    loop.run(ready.generations.close())
    response = _ask(client)
    assert (response.status_code, response.json()["code"]) == (503, "draining")
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_cut_by_a_shutdown_says_so(
    fake: FakeOllama, client: httpx.Client, ready: Services, loop: LoopThread, stream: bool
) -> None:
    fake.fail(stall(2))
    asking = asyncio.run_coroutine_threadsafe(_ask_beside(client, stream), loop.loop)
    wait_for(lambda: [one for one in ready.generations._running.values() if one.text])
    loop.run(ready.generations.close())
    response = asking.result(20)
    assert response.status_code == (200 if stream else 503)
    assert _lines(response)[-1]["code"] == "answer_cut"


def test_metrics_are_in_prometheus_format(client: httpx.Client) -> None:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "chat_ready 1.0" in response.text


def test_prompts_are_posted(client: httpx.Client) -> None:
    assert client.get("/generate_text").status_code == 405


KEY = {"api_key": "the-key-of-the-programs"}
PROXY = {"user_header": "X-Forwarded-User", "trusted_proxies": "127.0.0.1"}


@pytest.mark.configured(**KEY)
@pytest.mark.parametrize(
    "sent",
    [
        "",
        "the-key-of-the-programs",
        "Basic the-key-of-the-programs",
        "Bearer",
        "Bearer the-key",
        "Bearer \xe9",
    ],
)
def test_without_the_key_nothing_is_generated(
    fake: FakeOllama, client: httpx.Client, sent: str
) -> None:
    headers = {b"Authorization": sent.encode("latin-1")}
    response = client.post("/generate_text", json={"prompt": "Hello"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert not fake.bodies()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
@pytest.mark.configured(**KEY)
def test_probes_need_no_key(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.configured(**KEY, **PROXY)
def test_with_the_key_a_program_is_answered(client: httpx.Client) -> None:
    headers = {"Authorization": "bearer the-key-of-the-programs"}
    response = client.post("/generate_text", json={"prompt": "Hello"}, headers=headers)
    assert response.status_code == 200


@pytest.mark.configured(**PROXY)
def test_where_people_sign_in_programs_stay_out_until_there_is_a_key(client: httpx.Client) -> None:
    headers = {"Authorization": "Bearer", "X-Forwarded-User": "ann"}
    response = client.post("/generate_text", json={"prompt": "Hello"}, headers=headers)
    assert response.status_code == 401
    assert "set API_KEY" in response.json()["error"]


@pytest.mark.configured(max_answers=2)
def test_programs_of_an_address_are_told_when_to_try_again(
    fake: FakeOllama, client: httpx.Client
) -> None:
    fake.fail(stall(0))
    with ThreadPoolExecutor() as threads:
        first = threads.submit(_ask, client)
        fake.wait_for(lambda now: now.active == 1)
        refused = _ask(client)
        fake.resume()
    assert first.result().status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_answers_of_address")
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.configured(**KEY, max_answers=2)
def test_a_program_with_the_key_may_have_all_answers(
    fake: FakeOllama, client: httpx.Client
) -> None:
    headers = {"Authorization": "Bearer the-key-of-the-programs"}
    fake.fail(stall(0), times=2)

    def ask() -> httpx.Response:
        return client.post("/generate_text", json={"prompt": "Hello"}, headers=headers)

    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(ask) for _ in range(2)]
        fake.wait_for(lambda now: now.active == 2)
        refused = ask()
        fake.resume()
    assert [answer.result().status_code for answer in answers] == [200, 200]
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
