"""Two spellings of a model's name are one model where Ollama says so, and only there."""

from __future__ import annotations

import pytest

from chatbot.llm.model_names import is_same


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("smollm2:135m", "library/smollm2:135m", True),
        ("smollm2:135m", "registry.ollama.ai/library/smollm2:135m", True),
        ("smollm2:135m", "https://registry.ollama.ai/library/smollm2:135m", True),
        ("smollm2:135m", "SmolLM2:135M", True),
        ("smollm2:135m", "Library/SmolLM2:135m", True),
        (" smollm2:135m\n", "smollm2:135m", True),
        ("smollm2", "smollm2:latest", True),
        ("smollm2", "library/smollm2:LATEST", True),
        ("smollm2", "smollm2:135m", False),
        ("smollm2", "smollm", False),
        ("ann/smollm2", "smollm2", False),
        ("ann/smollm2", "registry.ollama.ai/ann/smollm2:latest", True),
        ("ann/smollm2", "Ann/smollm2", True),
        (
            "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF",
            "Hf.co/Bartowski/llama-3.2-1b-instruct-gguf:latest",
            True,
        ),
        (
            "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
            "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF",
            False,
        ),
        ("hf.co/ann/model", "ann/model", False),
        ("localhost:5000/ann/model", "localhost:5000/ann/model:latest", True),
        ("localhost:5000/ann/model", "localhost:5001/ann/model", False),
        ("qwen3:0.6b:local", "qwen3:0.6b", True),
        ("gpt-oss:20b:cloud", "gpt-oss:20b-cloud", True),
        ("gpt-oss:20b-cloud", "gpt-oss:20b", False),
        ("kimi-k2:cloud", "kimi-k2", False),
    ],
)
def test_a_model_has_many_spellings(name: str, other: str, same: bool) -> None:
    assert is_same(name, other) is is_same(other, name) is same
