"""An exchange: a prompt with its answer."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt and the answer that is to be written, both stored in a conversation."""

    conversation: Conversation
    prompt: Message
    answer: Message
