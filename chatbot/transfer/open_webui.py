"""Reads Open WebUI's export: a list of chats, each with a tree of messages.

https://docs.openwebui.com/features/chat-conversations/data-controls/import-export
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, TypeAdapter

from chatbot.attachments import Attachment
from chatbot.history import Conversation, Message, Whole
from chatbot.history.records import title_from
from chatbot.history.titles import title_of
from chatbot.transfer import foreign
from chatbot.transfer.foreign import Part, Time
from chatbot.transfer.tree import Path, checked

_MILLISECONDS = 1e11  # a time beyond it is not in seconds


class _Message(Part):
    parentId: str | None = None
    role: Literal["user", "assistant"]
    content: str
    model: str | None = None
    timestamp: Time | None = None
    error: Any = None
    files: list[dict[str, Any]] | None = None


class _History(Part):
    currentId: str | None = None
    messages: dict[str, _Message]


class _Chat(Part):
    title: str | None = None
    models: list[str] | None = None
    history: _History
    params: dict[str, Any] | None = None
    system: str | None = None


def _wrapped(value: object) -> object:
    return {"chat": value} if isinstance(value, dict) and "history" in value else value


class _Item(Part):
    chat: _Chat
    pinned: bool | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


_DOCUMENT = TypeAdapter(list[Annotated[_Item, BeforeValidator(_wrapped)]])


def fits(document: object) -> bool:
    """Whether the document looks like such an export."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and ("chat" in first or "history" in first)


def read(document: object) -> list[Whole]:
    """Read a document; raises pydantic.ValidationError or Misfit."""
    return [_whole(one, number) for number, one in enumerate(_DOCUMENT.validate_python(document))]


def _whole(item: _Item, number: int) -> Whole:
    chat, written = item.chat, item.chat.history.messages
    path: Path = (number, "chat", "history")
    created = _seconds(item.created_at) or time.time()
    messages = [_message(key, one, created) for key, one in written.items()]
    files = {key: found for key, one in written.items() if (found := _files(one.files or []))}
    options = chat.params or {}
    made = Conversation(
        id="",
        owner="",
        title=_title(chat),
        pinned=bool(item.pinned),
        model=next(reversed([one.model for one in written.values() if one.model]), "")
        or next(iter(chat.models or []), ""),
        system_prompt=str(options.get("system") or chat.system or ""),
        parameters=foreign.parameters(options),
        head_id=chat.history.currentId or next(reversed(written), None),
        created_at=created,
        updated_at=_seconds(item.updated_at) or created,
    )
    places = [(*path, "messages", key) for key in written]
    return checked(Whole(made, messages, files), (*path, "currentId"), places)


def _title(chat: _Chat) -> str:
    if chat.title and chat.title != "New Chat":
        return title_from(chat.title)
    return title_of(next((one.content for one in chat.history.messages.values()), ""))


def _message(key: str, one: _Message, created: float) -> Message:
    answers = one.role == "assistant"
    thinking, content = foreign.thought(one.content) if answers else ("", one.content)
    at = _seconds(one.timestamp) or created
    error = one.error.get("content", "") if isinstance(one.error, dict) else one.error
    return Message(
        id=key,
        conversation_id="",
        parent_id=one.parentId,
        role=one.role,
        content=content,
        thinking=thinking,
        state="failed" if one.error else "done",
        error=error if isinstance(error, str) else "",
        model=one.model or "",
        stats=None,
        created_at=at,
        updated_at=at,
    )


def _files(found: list[dict[str, Any]]) -> list[Attachment]:
    """The images and texts that are in the export; others are only named there."""
    files = (_file(one, f"image-{number}") for number, one in enumerate(found, 1))
    return [file for file in files if file is not None]


def _file(one: dict[str, Any], name: str) -> Attachment | None:
    if one.get("type") == "image":
        return foreign.image(str(one.get("url", "")), str(one.get("name") or name))
    inner = one.get("file")
    data = inner.get("data") if isinstance(inner, dict) else None
    text = data.get("content") if isinstance(data, dict) else None
    return foreign.document(str(one.get("name") or "file"), text) if isinstance(text, str) else None


def _seconds(at: float | None) -> float | None:
    return at / 1000 if at is not None and at > _MILLISECONDS else at
