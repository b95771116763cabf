"""What a conversation holds, as the model is to see it; and what the user is about to add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.generation_request import ChatMessage
from chatbot.domain.messages import Message, Role

Files = Mapping[str, Sequence[Attachment]]
"""The attachments by the id of their message."""


@dataclass(frozen=True)
class Draft:
    """What a user is about to send; `instead_of` is the id of the prompt that it replaces."""

    prompt: str
    files: Sequence[Attachment] = ()
    instead_of: str | None = None

    @property
    def has_images(self) -> bool:
        """Return whether an image goes with the prompt."""
        return any(file.is_image for file in self.files)

    @property
    def file_bytes(self) -> int:
        """Return how much the files take where they are kept."""
        return sum(len(file.data) for file in self.files)

    def chat_message(self) -> ChatMessage:
        """Return the prompt as a model is to see it."""
        return _chat_message("user", self.prompt, self.files)


@dataclass(frozen=True)
class ConversationContent:
    """Messages, oldest first, attachments by message id, and the conversation's settings."""

    messages: Sequence[Message] = ()
    files: Files = field(default_factory=dict)
    settings: ConversationSettings = DEFAULT_SETTINGS

    @property
    def last_id(self) -> str | None:
        """Return the id of the last message; None while there is none."""
        return self.messages[-1].id if self.messages else None

    @property
    def text_chars(self) -> int:
        """Return how long its texts are together."""
        return sum(len(message.content) + len(message.thinking) for message in self.messages)

    @property
    def sent_messages(self) -> Sequence[Message]:
        """Return the messages without those that are summarized."""
        summary = self.settings.summary
        return summary.after(self.messages) if summary else self.messages

    def chat_messages(self) -> list[ChatMessage]:
        """Return the messages as a model is to see them, without those that are summarized."""
        return [
            _chat_message(message.role, message.content, self.files.get(message.id, ()))
            for message in self.sent_messages
            if message.content or message.id in self.files
        ]


def _chat_message(role: Role, text: str, files: Sequence[Attachment]) -> ChatMessage:
    if not files:
        return ChatMessage(role, text)
    documents = "".join(file.text for file in files if not file.is_image)
    images = tuple(file.data for file in files if file.is_image)
    return ChatMessage(role, text + documents, images)
