"""What is asked of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chatbot.domain.messages import Role
from chatbot.domain.parameters import Parameters


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation as the model is to see it."""

    role: Role
    content: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of a model: messages, oldest first, of which the last one is the prompt.

    Below it may stand the beginning of the answer, with which the model goes on. `conversation` is
    its id, "" for what belongs to none.
    """

    model: str
    messages: Sequence[ChatMessage]
    system_prompt: str = ""
    parameters: Parameters = field(default_factory=Parameters)
    conversation: str = ""

    @property
    def image_count(self) -> int:
        """How many images the messages have."""
        return sum(len(message.images) for message in self.messages)

    def without_images(self) -> GenerationRequest:
        """Return the same for a model that cannot see."""
        return replace(self, messages=[replace(message, images=()) for message in self.messages])

    def without_think(self) -> GenerationRequest:
        """Return the same, with thinking left to the model and its server."""
        return replace(self, parameters=self.parameters.model_copy(update={"think": None}))
