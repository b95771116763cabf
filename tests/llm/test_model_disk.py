"""A model that does not fit the disk is told before the disk is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.llm import model_disk
from chatbot.llm.model_disk import RESERVE_BYTES, DiskTooSmall, check_room
from chatbot.settings import Settings


def test_a_model_must_leave_a_reserve_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_disk, "find_free_bytes", lambda: 10**9 + RESERVE_BYTES)
    check_room(Settings(), "qwen3", 10**9)
    with pytest.raises(DiskTooSmall) as refusal:
        check_room(Settings(), "qwen3", 10**9 + 1)
    assert refusal.value.sentence.startswith(
        "The disk of Ollama's models has 1,256 MB left, and qwen3 needs 1,256 MB more."
    )


def test_of_an_ollama_elsewhere_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_disk, "find_free_bytes", lambda: 0)
    check_room(Settings.model_validate({"ollama_base_url": "http://gpu:11434"}), "qwen3", 10**9)


def test_the_disk_is_that_of_ollamas_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    assert model_disk.find_free_bytes()
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "not there"))
    assert model_disk.find_free_bytes() is None
