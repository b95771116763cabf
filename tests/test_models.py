"""Installed models, and pulls that show the whole model's progress, resume and can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tenacity import wait_none

from chatbot import errors
from chatbot import models as module
from chatbot.llm import Llm
from chatbot.models import Model, Models, Pull, names
from chatbot.settings import Settings
from tests.fake_ollama import (
    DEFAULT_MODEL,
    FakeOllama,
    Fault,
    cut,
    error_line,
    malformed,
    model_missing,
    stall,
)
from tests.product import LoopThread, wait_for

BIG = "big:1b"
DIGEST = "sha256:1", "sha256:2"


@pytest.fixture
def models(
    settings: Settings, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Models]:
    """The models of the fake Ollama; pulls are tried again without a pause."""
    monkeypatch.setattr(module, "wait_exponential", lambda **_: wait_none())
    llm = Llm(settings)
    made = Models(llm, loop.loop)
    yield made
    loop.run(made.close())
    loop.run(llm.close())


def _ended(pull: Pull) -> errors.ChatError | None:
    wait_for(lambda: pull.done)
    return pull.error


def test_installed_models_are_listed_by_name(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = ["zephyr:7b", DEFAULT_MODEL]
    found = loop.run(models.refresh())
    assert names(found) == [DEFAULT_MODEL, "zephyr:7b"]
    assert found[0] == Model(
        name=DEFAULT_MODEL,
        size=98363007,
        family="llama",
        parameters="134.52M",
        quantization="Q4_1",
        digest=found[0].digest,
        capabilities=frozenset({"completion"}),
        context_length=8192,
    )
    assert models.installed == found


@pytest.mark.parametrize(
    ("name", "is_there"),
    [("qwen", True), ("qwen:latest", True), ("phi:3b", True), ("phi", False), ("qwe", False)],
)
def test_a_name_without_a_tag_means_latest(
    fake: FakeOllama, models: Models, loop: LoopThread, name: str, is_there: bool
) -> None:
    fake.models = ["qwen:latest", "phi:3b"]
    loop.run(models.refresh())
    assert models.has(name) is is_there


def test_a_model_that_cannot_be_described_is_left_out_and_the_others_stay(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.models = ["damaged:1b", "phi:3b"]
    fake.fail(model_missing("damaged:1b"), path="/api/show")
    assert names(loop.run(models.refresh())) == ["phi:3b"]


def test_listing_says_that_ollama_is_down(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    fake.stop()
    with pytest.raises(errors.OllamaUnreachable):
        loop.run(models.refresh())


def test_a_pull_shows_the_progress_of_all_layers_and_installs_the_model(
    fake: FakeOllama, models: Models
) -> None:
    fake.pull_layers = [100, 300]
    fake.fail(stall(14), path="/api/pull")  # after a tenth of the second layer
    pull = models.pull(BIG)
    wait_for(lambda: pull.completed == 130)
    assert (pull.total, pull.fraction) == (400, 130 / 400)
    assert not pull.done
    fake.resume()
    assert _ended(pull) is None
    assert (pull.fraction, pull.status) == (1, "success")
    assert models.has(BIG)


def test_a_model_is_pulled_once_however_often_it_is_asked_for(
    fake: FakeOllama, models: Models
) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pull(BIG)
    assert models.pull(BIG) is models.pulling(BIG) is pull
    fake.wait_for(lambda one: len(one.bodies("/api/pull")) == 1)
    fake.resume()
    assert _ended(pull) is None
    assert len(fake.bodies("/api/pull")) == 1


def test_two_models_are_pulled_beside_each_other(fake: FakeOllama, models: Models) -> None:
    fake.fail(stall(3), times=2, path="/api/pull")
    pulls = [models.pull(BIG), models.pull("other:1b")]
    fake.wait_for(lambda one: len(one.bodies("/api/pull")) == 2)
    fake.resume()
    assert [_ended(pull) for pull in pulls] == [None, None]
    assert {BIG, "other:1b"} <= set(names(models.installed))


def test_a_cancelled_pull_ends_and_can_be_asked_for_again(fake: FakeOllama, models: Models) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pull(BIG)
    wait_for(lambda: pull.total)
    models.cancel(BIG)
    error = _ended(pull)
    assert error is not None
    assert error.sentence == f"The pull of {BIG} was cancelled."
    assert not models.has(BIG)
    assert _ended(models.pull(BIG)) is None
    assert models.has(BIG)


def test_cancelling_what_is_not_pulled_does_nothing(models: Models) -> None:
    models.cancel("nothing")
    assert _ended(models.pull(BIG)) is None
    models.cancel(BIG)
    assert models.pulling(BIG) is not None


@pytest.mark.parametrize("fault", [cut(5), malformed(5), error_line(5, "net/http: timed out")])
def test_a_pull_that_breaks_off_goes_on_by_itself(
    fake: FakeOllama, models: Models, fault: Fault
) -> None:
    fake.fail(fault, path="/api/pull")
    assert _ended(models.pull(BIG)) is None
    assert len(fake.bodies("/api/pull")) == 2
    assert models.has(BIG)


@pytest.mark.parametrize(
    ("fault", "kind", "sentence", "attempts"),
    [
        (
            error_line(5, "write /models/blobs/sha256-1-partial: no space left on device"),
            errors.DiskFull,
            "The disk of Ollama's models is full. Delete a model or free space, then try again.",
            1,
        ),
        (
            error_line(1, "pull model manifest: file does not exist"),
            errors.ModelUnknown,
            f"Ollama's library has no model {BIG}. Check its name at https://ollama.com/library.",
            1,
        ),
        (
            error_line(1, "pull model manifest: dial tcp: lookup registry.ollama.ai: no such host"),
            errors.OllamaFailed,
            "Ollama could not answer. Try again. It says: "
            "pull model manifest: dial tcp: lookup registry.ollama.ai: no such host",
            5,
        ),
        (
            cut(3),
            errors.OllamaFailed,
            "The pull of big:1b broke off. Try again; it goes on where it was.",
            5,
        ),
    ],
)
def test_a_pull_that_fails_says_why_and_is_tried_again_where_that_helps(
    fake: FakeOllama,
    models: Models,
    fault: Fault,
    kind: type[errors.ChatError],
    sentence: str,
    attempts: int,
) -> None:
    fake.fail(fault, times=attempts, path="/api/pull")
    error = _ended(models.pull(BIG))
    assert type(error) is kind
    assert error.sentence == sentence
    assert len(fake.bodies("/api/pull")) == attempts
    assert _ended(models.pull(BIG)) is None


def test_a_pull_without_ollama_says_so(fake: FakeOllama, models: Models) -> None:
    fake.stop()
    assert isinstance(_ended(models.pull(BIG)), errors.OllamaUnreachable)


def test_ending_the_chat_ends_its_pulls(fake: FakeOllama, models: Models, loop: LoopThread) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pull(BIG)
    wait_for(lambda: pull.total)
    loop.run(models.close())
    assert pull.done


def test_a_model_is_created_from_its_file(
    fake: FakeOllama, models: Models, loop: LoopThread, tmp_path: Path
) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    loop.run(models.create("small:1m", file))
    assert models.has("small:1m")
    [body] = fake.bodies("/api/create")
    assert (body["model"], body["files"]) == ("small:1m", {"small.gguf": next(iter(fake.blobs))})
    assert body["parameters"] == {"temperature": 0.2, "top_p": 0.9}


def test_a_model_that_cannot_be_created_says_why(
    fake: FakeOllama, models: Models, loop: LoopThread, tmp_path: Path
) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    fake.fail(Fault("status", error="no space left on device"), path="/api/create")
    with pytest.raises(errors.DiskFull):
        loop.run(models.create("small:1m", file))


@pytest.mark.parametrize(
    ("elapsed", "notes", "text"),
    [
        (0, [("pulling manifest", None, 0, 0)], "big:1b: pulling manifest"),
        (0, [("pulling", DIGEST[0], 25_000_000, 100_000_000)], "big:1b: 25% of 100 MB"),
        (
            10,
            [("pulling", DIGEST[0], 10**9, 2 * 10**9), ("pulling", DIGEST[1], 0, 2 * 10**9)],
            "big:1b: 25% of 4.0 GB, 100 MB/s, about 30 s left",
        ),
        (
            600,
            [("pulling", DIGEST[0], 10**9, 4 * 10**9)],
            "big:1b: 25% of 4.0 GB, 2 MB/s, about 30 min left",
        ),
        (10, [("pulling", DIGEST[0], 10**9, 10**9)], "big:1b: 100% of 1.0 GB"),
    ],
)
def test_a_pull_is_described_in_words(
    monkeypatch: pytest.MonkeyPatch,
    elapsed: float,
    notes: list[tuple[str, str | None, int, int]],
    text: str,
) -> None:
    pull = Pull(BIG, started=0)
    monkeypatch.setattr("time.monotonic", lambda: elapsed)
    for note in notes:
        pull.note(*note)
    assert pull.describe() == text
