"""The part of a conversation that is shown: one version of each message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain.attachment import AttachedFile
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message

Files = Mapping[str, Sequence[AttachedFile]]
"""The attached files by the id of their message."""
Versions = Mapping[str, Sequence[str]]
"""For each message that has other versions: the ids of all of them, oldest first."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A conversation with its messages from the first one to its head, oldest first."""

    conversation: Conversation
    messages: list[Message]
    files: Files

    @property
    def last(self) -> Message | None:
        """Return the last message; None while there is none."""
        return self.messages[-1] if self.messages else None
