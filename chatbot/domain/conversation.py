"""A conversation as the list of conversations has it; its messages are read by themselves."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Summary
from chatbot.domain.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; `head_id` ends its visible path; times in Unix seconds.

    `deleted_at` is set while a deletion can still be undone; only queries.LAST_DELETED reads those.
    """

    id: str
    user_id: str
    title: str
    pinned: bool
    model: str
    system_prompt: str
    parameters: Parameters
    head_id: str | None
    created_at: float
    updated_at: float
    deleted_at: float | None = None
    summary: Summary | None = None

    @property
    def settings(self) -> ConversationSettings:
        """What it is told and how it is answered."""
        return ConversationSettings(self.system_prompt, self.parameters, self.summary)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was deleted at one time and can still be had back: how many, and one of the titles.

    `of_exchange`: it was an exchange of a conversation, which stays; its title is the prompt's.
    """

    deleted_at: float
    count: int
    title: str
    of_exchange: bool = False


def new_conversation(
    user_id: str, title: str, settings: ConversationSettings = DEFAULT_SETTINGS
) -> Conversation:
    """Return an empty conversation with an id that nobody can guess."""
    now = time.time()
    return Conversation(
        id=secrets.token_hex(16),
        user_id=user_id,
        title=title,
        pinned=False,
        model="",
        system_prompt=settings.system_prompt,
        parameters=settings.parameters,
        head_id=None,
        created_at=now,
        updated_at=now,
        summary=settings.summary,
    )
