"""Every error has a status, a word for programs and a sentence for a person."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chatbot import errors
from chatbot.attachments.process import ReadersBusy
from chatbot.chat.shares import ShareExceeded
from chatbot.chat.storage import StorageExceeded
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.identity.rights import ManagersOnly
from chatbot.llm.model_rules import ModelForbidden
from chatbot.notices import fields_of, texts
from chatbot.transfer.importing import BadFile
from chatbot.web.gate.errors import NotLetIn

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
    (ManagersOnly, 403, "managers_only"),
    (ModelForbidden, 403, "models_deployed"),
    (NotLetIn, 403, "foreign_host"),
    (ReadersBusy, 503, "readers_busy"),
    (ShareExceeded, 429, "too_many_answers"),
    (StorageExceeded, 507, "storage_used_up"),
    (NotFound, 404, "not_found"),
    (HistoryUnavailable, 503, "history_failed"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_each_kind_of_error_has_its_status_and_code(
    kind: type[errors.ChatError], status: int, code: str
) -> None:
    assert (kind.status, kind.code) == (status, code)


def test_no_kind_of_error_is_left_out_above() -> None:
    """Those of one room alone are with that room's tests."""
    named = {kind for kind, _, _ in KINDS}
    assert {kind for kind in errors.ChatError.__subclasses__() if kind.status != 500} == named


def test_an_error_is_the_sentence_of_its_code_with_its_arguments() -> None:
    error = errors.ModelMissing(model="qwen3:4b")
    sentence = "The model qwen3:4b is not installed. Pull it, or choose another."
    assert str(error) == error.sentence == sentence
    assert (error.code, error.arguments) == ("model_missing", {"model": "qwen3:4b"})
    assert str(errors.Busy("ollama_busy")).startswith("Ollama has too many requests waiting.")


def test_several_refusals_are_one_error_of_a_line_each() -> None:
    first, second = errors.BadRequest("prompt_empty"), errors.SignedOut()
    assert errors.join_refusals([first]) is first
    joined = errors.join_refusals([first, second])
    assert str(joined).splitlines() == [first.sentence, second.sentence]
    assert joined.as_json()["arguments"] == {
        "first": {"code": "prompt_empty", "arguments": {}},
        "others": {"code": "signed_out", "arguments": {}},
    }


def test_whether_a_failure_may_pass_is_known_by_its_code() -> None:
    assert errors.may_pass("busy") and errors.may_pass("empty_answer")
    assert not errors.may_pass("images_refused") and not errors.may_pass("model_forbidden")
    assert errors.may_pass(None) and errors.may_pass("of a later version")


def test_every_error_is_raised_with_the_arguments_of_its_sentence() -> None:
    """Each call such as `Busy("ollama_busy", …)`, in the code as it stands."""
    wrong = [
        f"{file.name}:{call.lineno}"
        for file in Path(errors.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and not _is_whole(call)
    ]
    assert not wrong


def _is_whole(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    kind = _kinds().get(name)
    if kind is None or any(keyword.arg is None for keyword in call.keywords):
        return True
    first = call.args[0] if call.args else ast.Constant(kind.code)
    if not isinstance(first, ast.Constant):
        return True
    code = str(first.value)
    given = {str(keyword.arg) for keyword in call.keywords}
    return code in kind.texts and fields_of(texts[code]) <= given


def _kinds() -> dict[str, type[errors.ChatError]]:
    return {kind.__name__: kind for kind in errors.kinds.values()}
