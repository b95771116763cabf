"""Writes conversations as JSON, with all that belongs to them, and as Markdown to be read."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.messages import Message
from chatbot.transfer.own import FORMAT, VERSION

_NOTES = {
    "stopped": "Stopped",
    "abandoned": "Ended unread",
    "interrupted": "Cut off",
    "failed": "Failed",
}


def to_json(archives: Iterable[ConversationArchive]) -> bytes:
    """Write all of conversations, for `transfer.read`; docs/conversations.md has the format."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": time.time(),
        "conversations": [_export_conversation(one) for one in archives],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _export_conversation(archive: ConversationArchive) -> dict[str, Any]:
    conversation = archive.conversation
    return {
        "title": conversation.title,
        "pinned": conversation.pinned,
        "model": conversation.model,
        "system_prompt": conversation.system_prompt,
        "parameters": conversation.parameters.to_json(),
        "summary": conversation.summary,
        "head_id": conversation.head_id,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "messages": [_export_message(m, archive.files.get(m.id, ())) for m in archive.messages],
    }


def _export_message(message: Message, files: Sequence[Attachment]) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role,
        "content": message.content,
        "thinking": message.thinking,
        "state": "interrupted" if message.state == "writing" else message.state,
        "error": message.error,
        "error_code": message.error_code,
        "error_arguments": message.error_arguments,
        "model": message.model,
        "stats": message.statistics.to_json(),
        "created_at": message.created_at,
        "updated_at": message.updated_at,
        "attachments": [_export_attachment(file) for file in files],
    }


def _export_attachment(file: Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "data": base64.b64encode(file.data).decode(),
    }


def to_markdown(archives: Iterable[ConversationArchive]) -> str:
    """Write what the page shows of conversations: one version of each message, files by name."""
    return "\n---\n\n".join(map(_write_page, archives))


def _write_page(archive: ConversationArchive) -> str:
    conversation = archive.conversation
    day = time.strftime("%Y-%m-%d", time.gmtime(conversation.created_at))
    system = (
        f"> {_quote_lines(conversation.system_prompt)}\n\n" if conversation.system_prompt else ""
    )
    text = "".join(
        _write_message(m, archive.files.get(m.id, ())) for m in _find_visible_path(archive)
    )
    return f"# {conversation.title}\n\n{day}\n\n{system}{text}"


def _find_visible_path(archive: ConversationArchive) -> list[Message]:
    """Return the messages from the first to the conversation's head."""
    by_id = {message.id: message for message in archive.messages}
    path: list[Message] = []
    at = archive.conversation.head_id
    while at in by_id:
        path.append(by_id.pop(at))
        at = path[-1].parent_id
    return path[::-1]


def _write_message(message: Message, files: Sequence[Attachment]) -> str:
    parts = [f"## {'You' if message.role == 'user' else message.model or 'Assistant'}"]
    if files:
        parts.append(f"Attached: {', '.join(file.name for file in files)}")
    if message.thinking:
        parts.append(f"> {_quote_lines(message.thinking)}")
    parts += [message.content] if message.content else []
    if message.state in _NOTES:
        parts.append(f"*{_NOTES[message.state]}{': ' if message.error else ''}{message.error}*")
    return "\n\n".join(parts) + "\n\n"


def _quote_lines(text: str) -> str:
    return text.strip().replace("\n", "\n> ")
