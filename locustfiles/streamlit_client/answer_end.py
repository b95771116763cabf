"""How an answer ended, as the chat's page tells programs: in the key of the answer's menu."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_KEY = re.compile(r"answer-\w+-(?P<state>\w+)-(?P<code>\w*)-(?P<counts>\d+-\d+-\d+)")


@dataclass(frozen=True)
class AnswerEnd:
    """`state` is "done", "stopped", "failed" …; `code` of what went wrong, else empty."""

    state: str
    code: str
    prompt_tokens: int
    tokens: int
    queued_s: float

    @property
    def has_failed(self) -> bool:
        """Whether less came than the model would have written, and nobody wanted that."""
        return self.state not in ("done", "stopped")


def read_ends(keys: Iterable[str]) -> list[AnswerEnd]:
    """Return the ends that keys of the page tell, in their order."""
    return [_read_end(found) for key in keys if (found := _KEY.fullmatch(key))]


def _read_end(key: re.Match[str]) -> AnswerEnd:
    prompt_tokens, tokens, queued_ms = map(int, key["counts"].split("-"))
    return AnswerEnd(key["state"], key["code"], prompt_tokens, tokens, queued_ms / 1000)
