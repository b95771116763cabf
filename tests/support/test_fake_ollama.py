"""The fake Ollama, through Ollama's own Python client and through plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import ollama
import pytest

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
    model_missing,
    stall,
)

PROMPT = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama() as server:
        yield server


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[ollama.Client]:
    with ollama.Client(host=fake.url) as client:
        yield client


def _chat(url: str, timeout: float = 5, **options: object) -> httpx.Response:
    payload = {"model": DEFAULT_MODEL, "messages": PROMPT, "options": options}
    return httpx.post(f"{url}/api/chat", json=payload, timeout=timeout)


def test_a_streamed_chat_gives_the_tokens_and_then_the_counts(
    fake: FakeOllama, client: ollama.Client
) -> None:
    fake.tokens = ["Good", " day", "!"]
    lines = list(client.chat(DEFAULT_MODEL, PROMPT, stream=True))
    assert [line.message.content for line in lines] == ["Good", " day", "!", ""]
    assert (lines[-1].done, lines[-1].done_reason, lines[-1].eval_count) == (True, "stop", 3)
    assert (lines[-1].prompt_eval_duration or 0) > 0
    assert fake.bodies()[0]["messages"] == PROMPT


def test_a_whole_chat_is_one_object(fake: FakeOllama, client: ollama.Client) -> None:
    fake.tokens = ["Good", " day"]
    answer = client.chat(DEFAULT_MODEL, PROMPT)
    assert answer.message.content == "Good day"
    assert answer.total_duration


def test_num_predict_shortens_the_answer(fake: FakeOllama) -> None:
    fake.tokens = 20
    lines = [json.loads(line) for line in _chat(fake.url, num_predict=5).text.splitlines()]
    assert len(lines) == 6
    assert (lines[-1]["done_reason"], lines[-1]["eval_count"]) == ("length", 5)


def test_generate_streams_and_an_empty_prompt_loads_the_model(
    fake: FakeOllama, client: ollama.Client
) -> None:
    assert client.generate(DEFAULT_MODEL).done_reason == "load"
    assert [model.model for model in client.ps().models] == [DEFAULT_MODEL]
    fake.tokens = ["a", "b"]
    parts = client.generate(DEFAULT_MODEL, "Hi", stream=True)
    assert [part.response for part in parts] == ["a", "b", ""]
    assert client.generate(DEFAULT_MODEL, keep_alive=0).done_reason == "unload"
    assert not client.ps().models


def test_models_are_listed_shown_and_deleted(fake: FakeOllama, client: ollama.Client) -> None:
    fake.models = [DEFAULT_MODEL, "other:latest"]
    assert [model.model for model in client.list().models] == fake.models
    assert "completion" in (client.show("other").capabilities or [])
    client.delete("other")
    assert fake.models == [DEFAULT_MODEL]
    with pytest.raises(ollama.ResponseError, match="model 'other' not found"):
        client.show("other")


def test_a_pull_tells_its_progress_layer_by_layer(fake: FakeOllama, client: ollama.Client) -> None:
    fake.pull_layers = [1000, 500]
    statuses = list(client.pull("new", stream=True))
    totals = {status.digest: status.total for status in statuses if status.digest}
    assert sorted(filter(None, totals.values())) == [500, 1000]
    assert max(status.completed or 0 for status in statuses) == 1000
    assert statuses[-1].status == "success"
    assert "new:latest" in fake.models


def test_a_model_is_created_from_an_uploaded_file(fake: FakeOllama) -> None:
    digest = "sha256:" + "a" * 64
    body = {"model": "mine", "files": {"m.gguf": digest}}
    assert '{"error":"open ' in httpx.post(f"{fake.url}/api/create", json=body).text
    assert httpx.head(f"{fake.url}/api/blobs/{digest}").status_code == 404
    upload = (b"x" * 70_000 for _ in range(3))
    assert httpx.post(f"{fake.url}/api/blobs/{digest}", content=upload).status_code == 201
    assert httpx.head(f"{fake.url}/api/blobs/{digest}").status_code == 200
    assert '"success"' in httpx.post(f"{fake.url}/api/create", json=body).text
    assert "mine:latest" in fake.models


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (BUSY, 503, "maximum pending requests"),
        (CRASHED, 500, "terminated"),
        (OUT_OF_MEMORY, 500, "more system memory"),
        (model_missing("x"), 404, "model 'x' not found"),
    ],
)
def test_a_refusal_comes_as_often_as_it_was_ordered(
    fake: FakeOllama, fault: Fault, status: int, words: str
) -> None:
    fake.fail(fault, times=2)
    for _ in range(2):
        answer = _chat(fake.url)
        assert answer.status_code == status
        assert words in answer.json()["error"]
    assert _chat(fake.url).status_code == 200


def test_a_cut_stream_breaks_in_the_client(fake: FakeOllama) -> None:
    fake.fail(cut(after=2))
    with pytest.raises(httpx.RemoteProtocolError):
        _chat(fake.url)


def test_a_malformed_line_comes_within_the_stream(fake: FakeOllama) -> None:
    fake.fail(malformed(after=2))
    lines = _chat(fake.url).text.splitlines()
    json.loads(lines[1])
    with pytest.raises(ValueError):
        json.loads(lines[2])
    assert json.loads(lines[-1])["done"]


def test_an_error_line_ends_the_stream(fake: FakeOllama, client: ollama.Client) -> None:
    fake.fail(error_line(after=1))
    with pytest.raises(ollama.ResponseError, match="unexpected EOF"):
        list(client.chat(DEFAULT_MODEL, PROMPT, stream=True))


@pytest.mark.parametrize("after", [0, 2])
def test_a_client_that_leaves_ends_its_generation(fake: FakeOllama, after: int) -> None:
    fake.fail(stall(after))
    with pytest.raises(httpx.ReadTimeout):
        _chat(fake.url, timeout=0.2)
    fake.wait_for(lambda f: f.active == 0 and f.aborted == 1)


def test_a_stalled_stream_goes_on_when_it_is_told(fake: FakeOllama) -> None:
    fake.fail(stall(after=1))
    with httpx.stream(
        "POST", f"{fake.url}/api/chat", json={"model": DEFAULT_MODEL, "messages": PROMPT}
    ) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert fake.active == 1
        fake.resume()
        assert json.loads(list(lines)[-1])["eval_count"] == 8


def test_a_request_beyond_the_slots_waits_and_may_leave_the_queue(fake: FakeOllama) -> None:
    fake.slots = 1
    fake.fail(stall(after=0))
    body = {"model": DEFAULT_MODEL, "messages": PROMPT}
    with httpx.stream("POST", f"{fake.url}/api/chat", json=body) as first:
        with pytest.raises(httpx.ReadTimeout):
            _chat(fake.url, timeout=0.2)
        fake.wait_for(lambda f: (f.active, f.waiting, f.aborted) == (1, 0, 1))
        fake.resume()
        first.read()
    assert _chat(fake.url).status_code == 200


def test_the_waiting_requests_are_answered_first_come_first_served(fake: FakeOllama) -> None:
    fake.slots = 1
    fake.fail(stall(after=0))
    fake.tokens_per_second = 40
    answered: list[str] = []

    def ask(name: str) -> None:
        httpx.post(f"{fake.url}/api/chat", json={"model": DEFAULT_MODEL, "messages": PROMPT})
        answered.append(name)

    with ThreadPoolExecutor() as pool:
        for place, name in enumerate(["first", "second", "third"]):
            pool.submit(ask, name)
            fake.wait_for(lambda f, place=place: f.active + f.waiting == place + 1)  # type: ignore[misc]
        fake.resume()
    assert answered == ["first", "second", "third"]


def test_it_refuses_connections_while_stopped_and_returns_on_the_same_port(
    fake: FakeOllama,
) -> None:
    fake.stop()
    with pytest.raises(httpx.ConnectError):
        _chat(fake.url)
    fake.start()
    assert _chat(fake.url).status_code == 200


def test_the_knobs_can_be_set_from_another_process(fake: FakeOllama) -> None:
    counts = httpx.put(f"{fake.url}/_fake", json={"tokens": 2}).json()
    assert (counts["active"], counts["requests"]) == (0, 0)
    assert len(_chat(fake.url).text.splitlines()) == 3
    assert httpx.get(f"{fake.url}/_fake").json()["finished"] == 1
