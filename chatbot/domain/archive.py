"""A conversation as a file has it: all versions of its messages, and all attachments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message


@dataclass(frozen=True, slots=True)
class ConversationArchive:
    """A conversation with all its messages, parents before children, and files by message id."""

    conversation: Conversation
    messages: list[Message]
    files: dict[str, list[Attachment]] = field(default_factory=dict)

    @property
    def text_chars(self) -> int:
        """How long the texts of its messages are together."""
        return sum(len(message.content) + len(message.thinking) for message in self.messages)

    @property
    def size(self) -> int:
        """About how many bytes it takes where it is kept."""
        texts = self.text_chars + len(self.conversation.system_prompt)
        return texts + sum(len(file.data) for files in self.files.values() for file in files)


def sort_parents_first(messages: Iterable[Message]) -> list[Message]:
    """Sort messages so that each follows its parent, siblings in the order given.

    Messages without a way up to a first message (a missing parent, a circle) are left out.
    """
    children: dict[str | None, list[Message]] = defaultdict(list)
    for message in messages:
        children[message.parent_id].append(message)
    ordered = list(children[None])
    for message in ordered:  # it grows meanwhile
        ordered += children[message.id]
    return ordered
