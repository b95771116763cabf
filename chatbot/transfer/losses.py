"""What an import may have to leave out; the page says it with the conversations' titles."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.notices import declare_texts

CONVERSATION = "lost_conversation"
LENGTH = "lost_length"
MESSAGES = "lost_messages"
PARTS = "lost_parts"
TOOLS = "lost_tools"
NAMED_FILES = "lost_named_files"
BAD_FILES = "lost_bad_files"
SETTINGS = "lost_settings"
LINES = "lost_lines"
CHARACTERS = "lost_characters"

declare_texts(
    {
        CONVERSATION: "Conversations without a message that can be read:",
        LENGTH: "Conversations that are too long for this chat:",
        MESSAGES: "Messages that are damaged or of an unknown kind:",
        PARTS: "Parts of messages that are neither text nor images:",
        TOOLS: "Calls of tools and their results:",
        NAMED_FILES: "Files that the export only names:",
        BAD_FILES: "Files that are damaged or of an unknown kind:",
        SETTINGS: "Settings that this chat does not have or does not allow:",
        LINES: "Lines that are not JSON:",
        CHARACTERS: "Characters that are damaged, now �:",
    }
)

Lost = set[str]
"""What one conversation lost, of the above."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What was left out of one conversation, which its title or else its line names.

    `what` is the code of a text.
    """

    what: str
    title: str
    line: int = 0


class Unreadable(Exception):
    """A conversation has nothing that can be taken in."""
