"""Models worth pulling, by the memory that the machine has for them."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass

from chatbot import memory_limit

_COUNT = 3
_SHARE = 0.7  # of the memory, which the context window needs too


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model of Ollama's library; `size` is in bytes, on the disk and about the same in memory."""

    name: str
    size: int


_MODELS = (  # from the largest to the smallest
    Suggestion("gpt-oss:120b", 65_000_000_000),
    Suggestion("qwen3:30b", 19_000_000_000),
    Suggestion("gpt-oss:20b", 14_000_000_000),
    Suggestion("gemma3:12b", 8_100_000_000),
    Suggestion("qwen3:8b", 5_200_000_000),
    Suggestion("gemma3:4b", 3_300_000_000),
    Suggestion("qwen3:4b", 2_500_000_000),
    Suggestion("llama3.2:3b", 2_000_000_000),
    Suggestion("qwen3:1.7b", 1_400_000_000),
    Suggestion("gemma3:1b", 815_000_000),
    Suggestion("qwen3:0.6b", 523_000_000),
)


def suggest_models(memory: int, installed: Container[str] = ()) -> list[Suggestion]:
    """Return the largest models that fit into `memory`, in bytes, and are not installed."""
    fitting = (model for model in _MODELS if model.size <= _SHARE * memory)
    return [model for model in fitting if model.name not in installed][:_COUNT]


def find_memory() -> int:
    """Return the bytes of memory of this machine, or of what its container leaves."""
    left = memory_limit.available_bytes()
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return physical if left is None else min(left, physical)
