"""Models worth pulling on a machine."""

from __future__ import annotations

from chatbot.llm.suggestions import find_memory, suggest_models

GB = 1_000_000_000


def test_the_largest_that_fit_are_suggested() -> None:
    assert [model.name for model in suggest_models(16 * GB)] == [
        "gemma3:12b",
        "qwen3:8b",
        "gemma3:4b",
    ]
    assert [model.name for model in suggest_models(1 * GB)] == ["qwen3:0.6b"]
    assert suggest_models(0) == []


def test_one_that_is_installed_is_not_suggested() -> None:
    names = [model.name for model in suggest_models(16 * GB, ["qwen3:8b"])]
    assert names == ["gemma3:12b", "gemma3:4b", "qwen3:4b"]


def test_this_machine_has_memory() -> None:
    assert find_memory() > 0
