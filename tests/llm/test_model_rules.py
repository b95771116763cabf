"""Models come from where the operator allows it, run where it is allowed, and one stays."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot import errors
from chatbot.llm.model_rules import ModelForbidden, check_deletion, check_place, check_pull
from chatbot.settings import Settings


def _check(name: str, **settings: Any) -> str:
    try:
        check_pull(Settings(**settings), name)
    except errors.ChatError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("qwen3:4b", ""),
        ("ann/qwen3", ""),
        ("hf.co/ann/Model-GGUF:Q4_K_M", ""),
        ("HuggingFace.co/ann/model", ""),
        ("https://registry.ollama.ai/library/qwen3", ""),
        ("qwen3:4b:local", ""),
        ("127.0.0.1:6379/ann/model", "registry_forbidden"),
        ("http://10.0.0.7/ann/model", "registry_forbidden"),
        ("metadata.internal/latest/token", "registry_forbidden"),
        ("hf.co:8080/ann/model", "registry_forbidden"),
        ("hf.co.evil.example/ann/model", "registry_forbidden"),
        ("http://evil.example://hf.co/ann/model", "model_name_wrong"),
        ("hf.co@evil.example/ann/model", "model_name_wrong"),
        ("../../etc/passwd", "model_name_wrong"),
        ("model\nlevel=INFO", "model_name_wrong"),
        ("model name", "model_name_wrong"),
        ("m" * 81, "model_name_wrong"),
        ("", "model_name_wrong"),
        ("gpt-oss:20b-cloud", "cloud_model_forbidden"),
        ("gpt-oss:20b:cloud", "cloud_model_forbidden"),
        ("Kimi-K2:Cloud", "cloud_model_forbidden"),
    ],
)
def test_users_have_models_pulled_by_ollamas_names_from_the_registries_of_the_list(
    name: str, code: str
) -> None:
    assert _check(name) == code


def test_the_operator_may_name_other_registries_and_allow_models_elsewhere() -> None:
    here = "models.example.org:5000"
    assert _check(f"{here}/ann/model", model_registries=here) == ""
    assert _check("qwen3:4b", model_registries=here) == "registry_forbidden"
    assert _check("gpt-oss:20b-cloud", allow_cloud_models=True) == ""
    assert _check("qwen3:4b", pull_models=False) == "models_deployed"
    assert _check("127.0.0.1:5000/own/model", chat_model="127.0.0.1:5000/own/model") == ""


def test_a_model_that_runs_elsewhere_is_told_with_the_cure() -> None:
    with pytest.raises(ModelForbidden, match="or set ALLOW_CLOUD_MODELS"):
        check_place(Settings(), "mine", is_elsewhere=True)
    check_place(Settings(allow_cloud_models=True), "mine", is_elsewhere=True)


def test_the_chats_own_model_is_kept_by_each_of_its_names() -> None:
    with pytest.raises(ModelForbidden, match="is the model that this chat starts with"):
        check_deletion(Settings(chat_model="qwen3"), "library/Qwen3:latest")
    check_deletion(Settings(chat_model="qwen3"), "qwen3:4b")
