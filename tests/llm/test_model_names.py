"""Two spellings of a model's name are one model where Ollama says so, and only there."""

from __future__ import annotations

import pytest

from chatbot.llm import model_names
from chatbot.llm.model_names import find_registry, is_same, is_valid, runs_in_cloud


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


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("smollm2", True),
        ("_m.x-1:Q4_K_M", True),
        ("hf.co/ann/m:latest", True),
        ("localhost:5000/ann/m", True),
        ("https://hf.co/ann/m", True),
        ("m" * 80, True),
        ("m" * 81, False),
        ("m:" + "t" * 81, False),
        ("-m", False),
        (".m", False),
        ("m:", False),
        (":m", False),
        ("/m", False),
        ("a.b/m", False),
        ("a/b/c/d", False),
        ("hf.co/a.b/m", False),
        ("h\xe9/a/m", False),
        ("m ", False),
        ("m\n", False),
        ("m@sha256:1", False),
    ],
)
def test_a_name_is_what_ollama_takes_for_one(name: str, valid: bool) -> None:
    assert is_valid(name) is valid


@pytest.mark.parametrize(
    ("name", "registry", "in_cloud"),
    [
        ("kimi-k2:cloud", "registry.ollama.ai", True),
        ("gpt-oss:20b-cloud", "registry.ollama.ai", True),
        ("gpt-oss:20b:cloud", "registry.ollama.ai", True),
        ("cloud", "registry.ollama.ai", False),
        ("Ann/cloud:local", "registry.ollama.ai", False),
        ("https://HF.co/ann/m:cloudy", "hf.co", False),
    ],
)
def test_a_name_tells_where_a_model_comes_from_and_where_it_runs(
    name: str, registry: str, in_cloud: bool
) -> None:
    assert (find_registry(name), runs_in_cloud(name)) == (registry, in_cloud)


def test_a_text_that_is_no_name_is_not_remembered() -> None:
    long = "m" * (model_names.LONGEST_NAME + 1)
    before = model_names._spell_out.cache_info().currsize
    assert not is_same(long, "m")
    assert model_names._spell_out.cache_info().currsize <= before + 1
    assert not is_valid(long)
