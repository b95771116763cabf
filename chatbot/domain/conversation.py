"""What readers of the history get; a record's fields are its table's columns, in their order."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from chatbot.domain.thinking import split

Role = Literal["user", "assistant"]
Ending = Literal["done", "stopped", "abandoned", "failed", "interrupted"]
State = Literal["writing", "done", "stopped", "abandoned", "failed", "interrupted"]

TITLE_LENGTH = 60  # characters


@dataclass(frozen=True, slots=True)
class Summary:
    """A text that stands for all messages up to the one with the id `until`."""

    text: str
    until: str

    def after(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that it does not cover: all, if another version is shown."""
        covered = [index for index, message in enumerate(messages) if message.id == self.until]
        return messages[covered[0] + 1 :] if covered else messages


class Setup(NamedTuple):
    """What a conversation is told and how it is answered; empty: as the chat's settings say."""

    system_prompt: str
    parameters: dict[str, Any]
    summary: Summary | None = None


NO_SETUP = Setup("", {})


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; `head_id` ends its visible path; times in Unix seconds.

    `deleted_at` is set while a deletion can still be undone; only queries.LAST_DELETED reads those.
    """

    id: str
    owner: str
    title: str
    pinned: bool
    model: str
    system_prompt: str
    parameters: dict[str, Any]
    head_id: str | None
    created_at: float
    updated_at: float
    deleted_at: float | None = None
    summary: Summary | None = None

    @property
    def setup(self) -> Setup:
        """What it is told and how it is answered."""
        return Setup(self.system_prompt, self.parameters, self.summary)


@dataclass(frozen=True, slots=True)
class Message:
    """One version of a message; its versions share a parent; times in Unix seconds."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    content: str
    thinking: str
    state: State
    error: str
    model: str
    stats: dict[str, Any] | None
    created_at: float
    updated_at: float

    @classmethod
    def of(cls, row: Iterable[Any]) -> Message:
        """Return the message of a row; one from before may have its thinking in its text."""
        message = cls(*row)
        if message.thinking or message.role != "assistant":
            return message
        thinking, content = split(message.content)
        return replace(message, thinking=thinking, content=content)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was deleted at one time and can still be had back: how many, and one of the titles."""

    deleted_at: float
    count: int
    title: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A visitor's saved system prompt and parameters."""

    id: str
    owner: str
    name: str
    system_prompt: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt and the answer that is to be written, both stored."""

    conversation: Conversation
    question: Message
    answer: Message


def new_conversation(owner: str, title: str) -> Conversation:
    """Make an empty conversation with an id that nobody can guess."""
    now = time.time()
    return Conversation(
        id=secrets.token_hex(16),
        owner=owner,
        title=title,
        pinned=False,
        model="",
        system_prompt="",
        parameters={},
        head_id=None,
        created_at=now,
        updated_at=now,
    )


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
        stats=None,
        created_at=now,
        updated_at=now,
    )


def values(record: Conversation | Message | Preset) -> dict[str, Any]:
    """Return the record as a row (dataclasses.asdict would copy deeply, ten times as slow)."""
    return {name: getattr(record, name) for name in record.__slots__}


def title_from(text: str) -> str:
    """Cut a text to one line of at most TITLE_LENGTH characters that ends with a whole word.

    >>> title_from("Why is the sky blue?\\n\\nExplain it to a child, please, in three sentences.")
    'Why is the sky blue? Explain it to a child, please, in…'
    """
    # A word and its space take two characters or more, so no later word can be in the title.
    line = " ".join(text.split(maxsplit=TITLE_LENGTH // 2)[: TITLE_LENGTH // 2 + 1])
    if len(line) <= TITLE_LENGTH:
        return line or "Untitled"
    whole_words = line[:TITLE_LENGTH].rpartition(" ")[0]
    return (whole_words or line[: TITLE_LENGTH - 1]) + "…"
