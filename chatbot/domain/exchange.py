"""An exchange: a prompt with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatbot.domain.attachment import AttachedFile
from chatbot.domain.branch import Versions
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt and the answer that is to be written, both stored in a conversation."""

    conversation: Conversation
    prompt: Message
    answer: Message
    files: Sequence[AttachedFile] = ()  # of the prompt
    versions: Versions = field(default_factory=dict)
