"""An answer in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the model's server counted of an answer, and what the chat measured; 0 is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    load_s: float = 0.0  # loading the model
    prompt_s: float = 0.0  # reading what was sent
    eval_s: float = 0.0  # writing the answer
    done_reason: str = ""  # why the server ended it: "stop", "length"
    ttft_s: float = 0.0  # from the prompt to the first text
    queued_s: float = 0.0  # of these, neither loading nor reading
    thought_s: float = 0.0  # thinking
    left_out: int = 0  # older messages that did not fit the context window
    images_left_out: int = 0  # images that the model cannot see
    num_ctx: int = 0  # tokens of the context window
    estimated: int = 0  # tokens of what was sent, as they were estimated before
    is_cut: bool = False  # the server has cut off the beginning of what was sent
    error_code: str = ""  # of messages from before they had it themselves

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> Statistics:
        """Return the statistics of a JSON object, without what has no place here."""
        if not values:
            return NO_STATISTICS
        known = [name for name in _NAMES if values.get(name) is not None]
        return cls(**{name: values[name] for name in known})

    def to_json(self) -> dict[str, JsonValue] | None:
        """Return a JSON object of what is known, or None where nothing is."""
        known = {name: value for name in _NAMES if (value := getattr(self, name))}
        return known or None


NO_STATISTICS = Statistics()
_NAMES = tuple(field.name for field in fields(Statistics))
