"""What goes wrong in Ollama, or before it, is told with the cure."""

from __future__ import annotations

import json
import logging

import pytest

from chatbot import errors
from chatbot.llm.client import Llm
from chatbot.settings import Settings
from chatbot.urls import ServerUrl
from tests.support.answers import collect_pieces
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
    page,
)
from tests.support.product import LoopThread

NOBODY = "127.0.0.1:9"


BROKE_OFF = "The answer broke off before its end. Ask again; what came so far is kept."


def test_nobody_gets_to_read_the_password_of_an_ollama_that_is_not_there(
    settings: Settings, loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    llm = Llm(
        settings.model_copy(update={"ollama_base_url": ServerUrl(f"http://ann:hush@{NOBODY}")})
    )
    for request in (collect_pieces(llm), llm.fetch_json("/api/tags")):
        with pytest.raises(errors.OllamaUnreachable, match=NOBODY) as refusal:
            loop.run(request)
        assert "hush" not in refusal.value.sentence + repr(refusal.value) + caplog.text
    loop.run(llm.close())


NO_SPACE = "write /models/blobs/sha256-1-partial: no space left on device"


TOO_LONG = "the input length exceeds the context length"


KEY_MISSING = (
    "llama runner process has terminated: error loading model: error loading model "
    "hyperparameters: key not found in model: arch.expert_weights_scale"
)


FAULTS = [
    (
        model_missing(DEFAULT_MODEL),
        errors.ModelMissing,
        f"The model {DEFAULT_MODEL} is not installed. Pull it, or choose another.",
    ),
    (
        OUT_OF_MEMORY,
        errors.OutOfMemory,
        f"There is not enough free memory for {DEFAULT_MODEL}. Choose a smaller model or lower "
        f"the context window (Settings). Ollama says: {OUT_OF_MEMORY.error}",
    ),
    (
        error_line(2, "cudaMalloc failed: out of memory"),
        errors.OutOfMemory,
        f"There is not enough free memory for {DEFAULT_MODEL}. Choose a smaller model or lower "
        "the context window (Settings). Ollama says: cudaMalloc failed: out of memory",
    ),
    (
        Fault("status", status=500, error=NO_SPACE),
        errors.DiskFull,
        "The disk of Ollama's models is full. Delete a model or free space, then try again.",
    ),
    (
        Fault("status", status=400, error=TOO_LONG),
        errors.ContextOverflow,
        "The conversation is longer than the model's context window. "
        "Shorten the prompt or start a new conversation.",
    ),
    (BUSY, errors.Busy, "Ollama has too many requests waiting. Try again in a minute."),
    (
        CRASHED,
        errors.OllamaFailed,
        f"Ollama could not answer. Try again. It says: {CRASHED.error}",
    ),
    (
        error_line(2),
        errors.OllamaFailed,
        f"Ollama could not answer. Try again. It says: {Fault.error}",
    ),
    (
        Fault("status", error=KEY_MISSING),
        errors.OllamaRefused,
        f"Ollama cannot load {DEFAULT_MODEL}: it needs a newer Ollama, or its file is damaged. "
        f"Update Ollama, or pull the model again. Ollama says: {KEY_MISSING}",
    ),
    (
        Fault("status", status=400, error=f'"{DEFAULT_MODEL}" does not support chat'),
        errors.ModelCannotChat,
        f"The model {DEFAULT_MODEL} cannot chat: it was made for something else, such as "
        "embeddings. Choose another one, or correct CHAT_MODEL.",
    ),
    (
        Fault("status", status=401, error="unauthorized"),
        errors.OllamaRefused,
        f"Ollama is not signed in, which {DEFAULT_MODEL} needs. Run `ollama signin` on its "
        "machine.",
    ),
    (
        Fault("status", status=403, error="this model requires a subscription"),
        errors.OllamaRefused,
        f"Ollama may not use {DEFAULT_MODEL}. Choose another model. It says: "
        "this model requires a subscription",
    ),
    (
        Fault("status", status=429, error="you have reached your weekly usage limit"),
        errors.Busy,
        "Ollama takes no more requests for now. Wait, or choose another model. It says: "
        "you have reached your weekly usage limit",
    ),
    (
        Fault("status", status=400, error="option num_ctx must be of type integer"),
        errors.OllamaRefused,
        "Ollama refuses this request. Change the prompt, the conversation's settings or the model. "
        "It says: option num_ctx must be of type integer",
    ),
    (
        Fault("status", error="prompt template function 'x' not found"),
        errors.OllamaFailed,
        "Ollama could not answer. Try again. It says: prompt template function 'x' not found",
    ),
    (cut(2), errors.OllamaFailed, BROKE_OFF),
    (malformed(2), errors.OllamaFailed, BROKE_OFF),
]


@pytest.mark.parametrize(("fault", "kind", "sentence"), FAULTS)
def test_what_goes_wrong_in_ollama_is_told_with_the_cure(
    fake: FakeOllama,
    llm: Llm,
    loop: LoopThread,
    fault: Fault,
    kind: type[errors.ChatError],
    sentence: str,
) -> None:
    fake.fail(fault)
    with pytest.raises(kind) as refusal:
        loop.run(collect_pieces(llm))
    assert type(refusal.value) is kind
    assert refusal.value.sentence == sentence
    assert len(loop.run(collect_pieces(llm))) > 1  # and the next one is answered


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (200, errors.NotOllama, "What answers at {url} is not Ollama. Correct OLLAMA_BASE_URL: "),
        (404, errors.NotOllama, "What answers at {url} is not Ollama. Correct OLLAMA_BASE_URL: "),
        (405, errors.NotOllama, "What answers at {url} is not Ollama. Correct OLLAMA_BASE_URL: "),
        (401, errors.OllamaRefused, "What answers at {url} asks for a login (status 401). "),
        (403, errors.OllamaRefused, "What answers at {url} turns the chat away (status 403). "),
        (413, errors.OllamaRefused, "A proxy before Ollama, at {url}, takes no request of this "),
        (429, errors.Busy, "What answers at {url} is busy or does not reach Ollama (status 429). "),
        (500, errors.OllamaFailed, "Ollama failed without a word (status 500). Try again; "),
        (502, errors.OllamaUnreachable, "A proxy answers at {url} and does not reach Ollama "),
        (503, errors.Busy, "What answers at {url} is busy or does not reach Ollama (status 503). "),
        (504, errors.TimedOut, "A proxy before Ollama, at {url}, waited no longer (status 504). "),
        (522, errors.OllamaUnreachable, "A proxy answers at {url} and does not reach Ollama "),
    ],
)
@pytest.mark.parametrize("html", ["<html><h1>Oh</h1>nginx/1.27</html>", "", "[]", '{"error": {}}'])
def test_what_another_program_answers_is_told_by_its_status_and_never_read_out(
    fake: FakeOllama,
    llm: Llm,
    loop: LoopThread,
    status: int,
    kind: type[errors.ChatError],
    sentence: str,
    html: str,
) -> None:
    fake.fail(page(status, html))
    with pytest.raises(kind) as refusal:
        loop.run(collect_pieces(llm))
    assert type(refusal.value) is kind
    assert refusal.value.sentence.startswith(sentence.format(url=fake.url))
    assert "<" not in refusal.value.sentence


@pytest.mark.parametrize("line", ["[]", "null", '{"error": {"message": "broken"}}', '"text"'])
def test_a_line_that_is_no_message_ends_the_stream_with_a_sentence(
    fake: FakeOllama, llm: Llm, loop: LoopThread, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.fake_ollama.shapes.line", lambda *_: json.loads(line))
    with pytest.raises(errors.OllamaFailed, match=BROKE_OFF):
        loop.run(collect_pieces(llm))


def test_an_ollama_that_is_down_is_named_with_the_cure(
    fake: FakeOllama, llm: Llm, loop: LoopThread
) -> None:
    fake.stop()
    with pytest.raises(errors.OllamaUnreachable) as refusal:
        loop.run(collect_pieces(llm))
    assert refusal.value.sentence == (
        f"Ollama does not answer at {fake.url}. "
        "Start it with `ollama serve`; the chat goes on by itself."
    )
    fake.start()
    assert loop.run(collect_pieces(llm))
