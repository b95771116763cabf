"""What is known of an answer in figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statistics:
    """What Ollama says of an answer: tokens, seconds, and why it ended ("stop", "length")."""

    input_tokens: int = 0
    output_tokens: int = 0
    load_s: float = 0.0
    prompt_s: float = 0.0
    eval_s: float = 0.0
    done_reason: str = ""
