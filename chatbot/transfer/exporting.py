"""Writes conversations as JSON, with all that belongs to them, and as Markdown to be read.

A file comes in parts, so that never more of it is in memory than one conversation.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message
from chatbot.transfer.own import FORMAT, VERSION

_NOTES = {
    "stopped": "Stopped",
    "abandoned": "Ended unread",
    "interrupted": "Cut off",
    "failed": "Failed",
}


def write_json(archives: Iterable[ConversationArchive]) -> Iterator[bytes]:
    """Write all of conversations, for `transfer.read`; docs/conversations.md has the format."""
    whole = {"format": FORMAT, "version": VERSION, "exported_at": time.time()}
    yield from _write_list(whole, "conversations", map(_write_conversation, archives))
    yield b"\n"


def _write_conversation(archive: ConversationArchive) -> Iterator[bytes]:
    messages = (
        [_dump(_export_message(message, archive.files.get(message.id, ())))]
        for message in archive.messages
    )
    return _write_list(_export_conversation(archive.conversation), "messages", messages)


def _write_list(
    fields: dict[str, Any], name: str, elements: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    """Write an object with these fields, and as its last one a list, each element in parts."""
    yield _dump(fields).removesuffix(b"\n}") + b',\n  "%b": [' % name.encode()
    between = b""
    for parts in elements:
        yield between
        yield from parts
        between = b",\n"
    yield b"]\n}"


def _dump(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_INDENT_2)


def _export_conversation(conversation: Conversation) -> dict[str, Any]:
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


def write_markdown(archives: Iterable[ConversationArchive]) -> Iterator[bytes]:
    """Write what the page shows of conversations: one version of each message, files by name."""
    between = ""
    for archive in archives:
        yield (between + _write_page(archive)).encode()
        between = "\n---\n\n"


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
