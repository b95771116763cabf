"""Pulls show the whole model's progress, resume, can be cancelled, and say why they fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tenacity import wait_none

from chatbot import errors
from chatbot.identity.rights import ManagersOnly, Rights
from chatbot.llm import model_disk
from chatbot.llm import pulls as module
from chatbot.llm.client import Llm
from chatbot.llm.models import Models, list_names
from chatbot.llm.pulls import Pull
from chatbot.settings import Settings
from tests.support.fake_ollama.server import FakeOllama, Fault, cut, error_line, malformed, stall
from tests.support.product import LoopThread, wait_for

BIG = "big:1b"
DIGEST = "sha256:1", "sha256:2"
TOO_NEW = "The model you are attempting to pull requires a newer version of Ollama."
PRIVATE = (
    f"The registry does not give {BIG} to everybody. Check its name; if it is private, sign Ollama "
    "in with `ollama signin`."
)


@pytest.fixture
def models(
    settings: Settings, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Models]:
    """The models of the fake Ollama; pulls are tried again without a pause."""
    monkeypatch.setattr(module, "wait_exponential", lambda **_: wait_none())
    llm = Llm(settings)
    made = Models(llm, loop.loop, Rights(settings))
    yield made
    loop.run(made.pulls.close())
    loop.run(llm.close())


def _ended(pull: Pull) -> errors.ChatError | None:
    wait_for(lambda: pull.is_done)
    return pull.error


def test_a_pull_shows_the_progress_of_all_layers_and_installs_the_model(
    fake: FakeOllama, models: Models
) -> None:
    fake.pull_layers = [100, 300]
    fake.fail(stall(14), path="/api/pull")  # after a tenth of the second layer
    pull = models.pulls.start_pull("ann", BIG)
    wait_for(lambda: pull.completed == 130)
    assert (pull.total, pull.fraction) == (400, 130 / 400)
    assert not pull.is_done
    fake.resume()
    assert _ended(pull) is None
    assert (pull.fraction, pull.status) == (1, "success")
    assert models.is_installed(BIG)


def test_a_model_is_pulled_once_however_often_it_is_asked_for(
    fake: FakeOllama, models: Models
) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pulls.start_pull("ann", BIG)
    assert models.pulls.start_pull("ann", BIG) is models.pulls.find_pull(BIG) is pull
    fake.wait_for(lambda one: len(one.bodies("/api/pull")) == 1)
    fake.resume()
    assert _ended(pull) is None
    assert len(fake.bodies("/api/pull")) == 1


def test_another_name_of_a_model_joins_its_pull(fake: FakeOllama, models: Models) -> None:
    pull = models.pulls.start_pull("ann", f"registry.ollama.ai/library/{BIG.upper()}")
    assert models.pulls.start_pull("ann", BIG) is models.pulls.find_pull(f"library/{BIG}") is pull
    assert _ended(pull) is None
    assert models.is_installed(BIG)


def test_a_model_that_is_not_listed_after_its_pull_is_told_and_not_pulled_again(
    fake: FakeOllama, models: Models, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "find_installed", lambda name: "elsewhere:1b")
    pull = loop.run(models.pulls.finish_pull(BIG))
    assert pull.error is not None
    assert pull.error.sentence.startswith(f"Ollama has pulled {BIG} and does not list it.")
    assert loop.run(models.pulls.finish_pull(BIG)) is pull
    models.pulls.forget_ended()
    assert loop.run(models.pulls.finish_pull(BIG)) is not pull
    assert len(fake.bodies("/api/pull")) == 2


def test_two_models_are_pulled_beside_each_other(fake: FakeOllama, models: Models) -> None:
    fake.fail(stall(3), times=2, path="/api/pull")
    pulls = [models.pulls.start_pull("ann", BIG), models.pulls.start_pull("ann", "other:1b")]
    fake.wait_for(lambda one: len(one.bodies("/api/pull")) == 2)
    fake.resume()
    assert [_ended(pull) for pull in pulls] == [None, None]
    assert {BIG, "other:1b"} <= set(list_names(models.installed))


def test_a_cancelled_pull_ends_and_can_be_asked_for_again(fake: FakeOllama, models: Models) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pulls.start_pull("ann", BIG)
    wait_for(lambda: pull.total)
    models.pulls.cancel_pull("ann", BIG)
    error = _ended(pull)
    assert error is not None
    assert error.sentence == f"The pull of {BIG} was cancelled."
    assert not models.is_installed(BIG)
    assert _ended(models.pulls.start_pull("ann", BIG)) is None
    assert models.is_installed(BIG)


def test_cancelling_what_is_not_pulled_does_nothing(models: Models) -> None:
    models.pulls.cancel_pull("ann", "nothing")
    assert _ended(models.pulls.start_pull("ann", BIG)) is None
    models.pulls.cancel_pull("ann", BIG)
    assert models.pulls.find_pull(BIG) is not None


@pytest.mark.parametrize("fault", [cut(5), malformed(5), error_line(5, "net/http: timed out")])
def test_a_pull_that_breaks_off_goes_on_by_itself(
    fake: FakeOllama, models: Models, fault: Fault
) -> None:
    fake.fail(fault, path="/api/pull")
    assert _ended(models.pulls.start_pull("ann", BIG)) is None
    assert len(fake.bodies("/api/pull")) == 2
    assert models.is_installed(BIG)


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
            error_line(1, f"pull model manifest: 412: \n\n{TOO_NEW}\n"),
            errors.OllamaRefused,
            f"{BIG} needs a newer Ollama. Update it from https://ollama.com/download.",
            1,
        ),
        (
            Fault("status", status=412, error="precondition failed"),
            errors.OllamaRefused,
            f"{BIG} needs a newer Ollama. Update it from https://ollama.com/download.",
            1,
        ),
        (
            error_line(1, "pull model manifest: unauthorized: access denied"),
            errors.OllamaRefused,
            PRIVATE,
            1,
        ),
        (
            error_line(1, 'pull model manifest: 401: {"error":"Invalid username or password."}'),
            errors.OllamaRefused,
            PRIVATE,
            1,
        ),
        (
            Fault("status", status=401, error="unauthorized"),
            errors.OllamaRefused,
            f"Ollama is not signed in, which {BIG} needs. Run `ollama signin` on its machine.",
            1,
        ),
        (
            Fault("status", status=400, error="invalid model name"),
            errors.OllamaRefused,
            f"{BIG} is not a model's name. Write it like llama3.2:1b or hf.co/user/model.",
            1,
        ),
        (
            error_line(1, 'pull model manifest: 400: {"error":"sharded GGUF"}'),
            errors.OllamaRefused,
            f"The registry does not give {BIG} to Ollama. Check its name, and whether it is made "
            'for Ollama. Ollama says: pull model manifest: 400: {"error":"sharded GGUF"}',
            1,
        ),
        (
            error_line(1, "pull model manifest: manifest unknown"),
            errors.ModelUnknown,
            f"Ollama's library has no model {BIG}. Check its name at https://ollama.com/library.",
            1,
        ),
        (
            error_line(1, "pull model manifest: Get https://r: tls: x509: unknown authority"),
            errors.OllamaRefused,
            f"Ollama does not trust the registry of {BIG}, or a proxy before it. Install its "
            "certificate on Ollama's machine. Ollama says: "
            "pull model manifest: Get https://r: tls: x509: unknown authority",
            1,
        ),
        (
            error_line(1, "pull model manifest: 429: slow down"),
            errors.OllamaFailed,
            "Ollama could not answer. Try again. It says: pull model manifest: 429: slow down",
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
    error = _ended(models.pulls.start_pull("ann", BIG))
    assert type(error) is kind
    assert error.sentence == sentence
    assert len(fake.bodies("/api/pull")) == attempts
    assert _ended(models.pulls.start_pull("ann", BIG)) is None


def test_a_pull_without_ollama_says_so(fake: FakeOllama, models: Models) -> None:
    fake.stop()
    assert isinstance(_ended(models.pulls.start_pull("ann", BIG)), errors.OllamaUnreachable)


def test_ending_the_chat_ends_its_pulls(fake: FakeOllama, models: Models, loop: LoopThread) -> None:
    fake.fail(stall(3), path="/api/pull")
    pull = models.pulls.start_pull("ann", BIG)
    wait_for(lambda: pull.total)
    loop.run(models.pulls.close())
    assert pull.is_done


@pytest.mark.parametrize(
    ("elapsed", "notes", "text"),
    [
        (0, [], "big:1b: asking the registry"),
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
        pull.add_progress(*note)
    assert str(pull.describe()) == text


@pytest.mark.configured(model_managers="nobody")
def test_who_does_not_manage_the_models_starts_and_cancels_no_pull(
    fake: FakeOllama, models: Models, loop: LoopThread
) -> None:
    with pytest.raises(ManagersOnly):
        models.pulls.start_pull("ann", BIG)
    with pytest.raises(ManagersOnly):
        models.pulls.cancel_pull("ann", BIG)
    assert not fake.bodies("/api/pull")
    assert loop.run(models.pulls.finish_pull(BIG)).error is None  # the operator's own


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("10.0.0.7:80/ann/model", "This chat gets no model from 10.0.0.7:80. Choose one from "),
        ("not a name", "not a name is not a model's name."),
        ("gpt-oss:20b-cloud", "gpt-oss:20b-cloud does not run here:"),
    ],
)
def test_what_users_may_not_have_pulled_is_told_and_ollama_is_not_asked(
    fake: FakeOllama, models: Models, name: str, sentence: str
) -> None:
    error = _ended(models.pulls.start_pull("ann", name))
    assert error is not None
    assert error.sentence.startswith(sentence)
    assert not fake.bodies("/api/pull")


def test_users_have_two_models_pulled_at_once_and_the_third_when_one_is_here(
    fake: FakeOllama, models: Models
) -> None:
    fake.fail(stall(3), times=2, path="/api/pull")
    pulls = [models.pulls.start_pull("ann", name) for name in (BIG, "other:1b")]
    error = _ended(models.pulls.start_pull("bob", "third:1b"))
    assert error is not None
    assert error.sentence.startswith("2 models are being pulled, as many as this chat pulls")
    fake.wait_for(lambda one: len(one.bodies("/api/pull")) == 2)
    fake.resume()
    assert [_ended(pull) for pull in pulls] == [None, None]
    assert _ended(models.pulls.start_pull("bob", "third:1b")) is None


def test_a_model_that_turns_out_too_large_for_the_disk_is_no_longer_pulled(
    fake: FakeOllama, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_disk, "find_free_bytes", lambda: model_disk.RESERVE_BYTES + 200)
    fake.pull_layers = [100, 300]
    error = _ended(models.pulls.start_pull("ann", BIG))
    assert isinstance(error, model_disk.DiskTooSmall)
    assert len(fake.bodies("/api/pull")) == 1
    assert not models.is_installed(BIG)


def test_how_many_pulls_ended_is_forgotten_some_day(models: Models) -> None:
    for number in range(module._ENDS_KEPT + 10):
        models.pulls.start_pull("ann", f"no name {number}")
    assert models.pulls.find_pull("no name 0") is None
    assert models.pulls.find_pull(f"no name {module._ENDS_KEPT + 9}") is not None
