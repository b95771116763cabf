"""The messages of a conversation: prompts and answers, each in one or several versions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue

from chatbot.domain.statistics import NO_STATISTICS, Statistics
from chatbot.domain.thinking import split
from chatbot.notices import Notice, read_notice

Role = Literal["user", "assistant"]
Ending = Literal["done", "stopped", "abandoned", "failed", "interrupted"]
State = Literal["writing", "done", "stopped", "abandoned", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Message:
    """One version of a message; its versions share a parent; times in Unix seconds.

    `error` says in English what went wrong; its code and arguments are missing where it was written
    before there were any, or by another program.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    content: str
    thinking: str
    state: State
    error: str
    model: str
    statistics: Statistics
    created_at: float
    updated_at: float
    error_code: str | None = None
    error_arguments: dict[str, JsonValue] | None = None

    @property
    def failure(self) -> Notice | None:
        """What went wrong; None where nothing did, and where `error` alone says it."""
        return read_notice(self.error_code, self.error_arguments)

    @property
    def failure_code(self) -> str | None:
        """The code of what went wrong; messages from before have it among their statistics."""
        return self.error_code or self.statistics.error_code or None

    @classmethod
    def from_row(cls, row: Iterable[Any]) -> Message:
        """Return the message of a row; one from before may have its thinking in its text."""
        message = cls(*row)
        if message.thinking or message.role != "assistant":
            return message
        thinking, content = split(message.content)
        if (thinking, content) == ("", message.content):
            return message
        return replace(message, thinking=thinking, content=content)


def new_message(
    conversation_id: str,
    parent_id: str | None,
    role: Role,
    *,
    content: str = "",
    model: str = "",
    state: State = "done",
) -> Message:
    """Make a message with an id that nobody can guess."""
    now = time.time()
    return Message(
        id=secrets.token_hex(16),
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=role,
        content=content,
        thinking="",
        state=state,
        error="",
        model=model,
        statistics=NO_STATISTICS,
        created_at=now,
        updated_at=now,
    )
