"""Reads Hollama's export (hollama-sessions.json): a list of sessions, each with its messages.

https://github.com/fmaclen/hollama/blob/main/src/lib/sessions.ts
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, TypeAdapter

from chatbot.attachments import Attachment
from chatbot.history import Conversation, Message, Whole
from chatbot.history.records import title_from
from chatbot.history.titles import title_of
from chatbot.transfer import foreign
from chatbot.transfer.foreign import Part
from chatbot.transfer.tree import checked


def _role(value: object) -> object:
    return "assistant" if value == "ai" else value  # as its first versions wrote


def _name(value: object) -> object:
    return value.get("name") if isinstance(value, dict) else value


def _data(value: object) -> object:
    return {"data": value} if isinstance(value, str) else value


class _Image(Part):
    data: str
    filename: str = ""


class _Knowledge(Part):
    name: str
    content: str = ""


class _Message(Part):
    role: Annotated[Literal["user", "assistant", "system"], BeforeValidator(_role)]
    content: str
    reasoning: str | None = None
    images: list[Annotated[_Image, BeforeValidator(_data)]] | None = None
    knowledge: _Knowledge | None = None


class _Session(Part):
    title: str | None = None
    model: Annotated[str | None, BeforeValidator(_name)] = None
    systemPrompt: _Message | None = None
    options: dict[str, Any] | None = None
    updatedAt: AwareDatetime | None = None
    messages: list[_Message]


_DOCUMENT = TypeAdapter(list[_Session])


def fits(document: object) -> bool:
    """Whether the document looks like such an export."""
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and isinstance(first.get("messages"), list)


def read(document: object) -> list[Whole]:
    """Read a document; raises pydantic.ValidationError or Misfit."""
    return [_whole(one) for one in _DOCUMENT.validate_python(document)]


def _whole(session: _Session) -> Whole:
    at = session.updatedAt.timestamp() if session.updatedAt else time.time()
    model, messages, files = session.model or "", [], {}
    system = [session.systemPrompt.content] if session.systemPrompt else []
    knowledge: list[Attachment] = []
    parent_id = None
    for one in session.messages:
        if one.role == "system":
            system.append(one.content)
        elif one.knowledge:  # it stands before the prompt that it belongs to
            text = one.knowledge.content or one.content
            knowledge.append(foreign.document(one.knowledge.name, text))
        else:
            message = _message(one, parent_id, model, at)
            messages.append(message)
            parent_id = message.id
            if found := [*knowledge, *_images(one.images or [])]:
                files[message.id] = found
            knowledge = []
    made = Conversation(
        id="",
        owner="",
        title=title_from(session.title) if session.title else _title(messages),
        pinned=False,
        model=model,
        system_prompt="\n\n".join(filter(None, system)),
        parameters=foreign.parameters(session.options or {}),
        head_id=parent_id,
        created_at=at,
        updated_at=at,
    )
    return checked(Whole(made, messages, files), (), [()] * len(messages))


def _title(messages: list[Message]) -> str:
    return title_of(next((one.content for one in messages if one.role == "user"), ""))


def _message(one: _Message, parent_id: str | None, model: str, at: float) -> Message:
    answers = one.role == "assistant"
    thinking, content = foreign.thought(one.content) if answers else ("", one.content)
    return Message(
        id=secrets.token_hex(16),
        conversation_id="",
        parent_id=parent_id,
        role="assistant" if answers else "user",
        content=content,
        thinking=one.reasoning or thinking,
        state="done",
        error="",
        model=model if answers else "",
        stats=None,
        created_at=at,
        updated_at=at,
    )


def _images(found: list[_Image]) -> list[Attachment]:
    files = (
        foreign.image(one.data, one.filename or f"image-{number}")
        for number, one in enumerate(found, 1)
    )
    return [file for file in files if file is not None]
