"""What a conversation sets for itself: its system prompt, parameters and summary; and presets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.domain.messages import Message
from chatbot.domain.parameters import NO_PARAMETERS, Parameters


@dataclass(frozen=True, slots=True)
class Summary:
    """A text that stands for all messages up to the one with the id `until`."""

    text: str
    until: str

    def after(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that it does not cover: all, if another version is shown."""
        covered = [index for index, message in enumerate(messages) if message.id == self.until]
        return messages[covered[0] + 1 :] if covered else messages


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """What a conversation is told and how it is answered; empty: as the chat's settings say."""

    system_prompt: str = ""
    parameters: Parameters = NO_PARAMETERS
    summary: Summary | None = None


DEFAULT_SETTINGS = ConversationSettings()


@dataclass(frozen=True, slots=True)
class Preset:
    """A user's saved system prompt and parameters."""

    id: str
    user_id: str
    name: str
    system_prompt: str
    parameters: Parameters
