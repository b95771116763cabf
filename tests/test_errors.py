"""Every error has a status, a word for programs and a sentence for a person."""

from __future__ import annotations

import pytest

from chatbot import errors
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.transfer.importing import BadFile

KINDS = [
    (errors.BadRequest, 400, "bad_request"),
    (errors.UnsupportedMediaType, 415, "unsupported_media_type"),
    (errors.PromptTooLong, 413, "prompt_too_long"),
    (errors.ContextOverflow, 413, "context_overflow"),
    (errors.Busy, 503, "busy"),
    (errors.Draining, 503, "draining"),
    (errors.OllamaUnreachable, 503, "ollama_unreachable"),
    (errors.OllamaFailed, 502, "ollama_failed"),
    (errors.OllamaRefused, 502, "ollama_refused"),
    (errors.NotOllama, 502, "not_ollama"),
    (errors.TimedOut, 504, "timed_out"),
    (errors.OutOfMemory, 507, "out_of_memory"),
    (errors.DiskFull, 507, "disk_full"),
    (errors.ModelMissing, 404, "model_missing"),
    (errors.ModelUnknown, 404, "model_unknown"),
    (errors.ModelNotDeployed, 404, "model_not_deployed"),
    (errors.ModelCannotChat, 400, "model_cannot_chat"),
    (errors.Unauthorized, 401, "unauthorized"),
    (errors.SignedOut, 401, "signed_out"),
    (BadFile, 400, "bad_file"),
    (NotFound, 404, "not_found"),
    (HistoryUnavailable, 503, "history_unavailable"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_each_kind_of_error_has_its_status_and_code(
    kind: type[errors.ChatError], status: int, code: str
) -> None:
    assert (kind.status, kind.code) == (status, code)


def test_no_kind_of_error_is_left_out_above() -> None:
    named = {kind for kind, _, _ in KINDS}
    assert {kind for kind in errors.ChatError.__subclasses__() if kind.code != "error"} == named


def test_an_error_is_its_sentence() -> None:
    assert str(errors.Busy("Try again.")) == errors.Busy("Try again.").sentence == "Try again."


def test_a_missing_model_is_named_with_the_cure() -> None:
    error = errors.ModelMissing("qwen3:4b")
    assert error.model == "qwen3:4b"
    assert error.sentence == "The model qwen3:4b is not installed. Pull it, or choose another."
