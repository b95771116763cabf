"""Reads a session of Hollama's export (hollama-sessions.json), which is a list of them.

https://github.com/fmaclen/hollama/blob/main/src/lib/sessions.ts
"""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message, Role
from chatbot.domain.titles import make_title, shorten_title
from chatbot.transfer import foreign, losses
from chatbot.transfer.foreign import Content, Named, Part, Text, Things, Time
from chatbot.transfer.losses import Lost
from chatbot.transfer.tree import alternating, mended, tied

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "ai": "assistant"}


def _name(value: object) -> object:
    return value.get("name") if isinstance(value, dict) else value


class _Knowledge(Part):
    name: Text = ""
    content: Text = ""


class _Message(Part):
    role: str
    content: Any = None
    reasoning: Text = ""
    images: Things = ()
    knowledge: Annotated[_Knowledge | None, foreign.lenient(None)] = None


class _Session(Part):
    title: Text = ""
    model: Annotated[Text, BeforeValidator(_name)] = ""
    systemPrompt: Annotated[_Message | None, foreign.lenient(None)] = None
    options: Named = None
    updatedAt: Time = None
    messages: list[Any]


def fits(document: object) -> bool:
    """Return whether the document looks like such a session."""
    return isinstance(document, dict) and isinstance(document.get("messages"), list)


def read(document: dict[str, Any], lost: Lost) -> ConversationArchive:
    """Read a session; raises Unreadable, and adds to `lost` what it leaves out."""
    session = _Session.model_validate(document)
    at = session.updatedAt or time.time()
    prompt = session.systemPrompt
    told = [foreign.content_of(prompt.content, lost).text] if prompt else []
    messages, files = _messages(session, told, at, lost)
    made = Conversation(
        id="",
        user_id="",
        title=shorten_title(session.title) if session.title else _title(messages),
        pinned=False,
        model=session.model,
        system_prompt="\n\n".join(filter(None, told)),
        parameters=foreign.read_parameters(session.options, lost),
        head_id=messages[-1].id if messages else None,
        created_at=at,
        updated_at=at,
    )
    return alternating(mended(made, messages, files))


def _messages(
    session: _Session, told: list[str], at: float, lost: Lost
) -> tuple[list[Message], dict[str, list[Attachment]]]:
    """Return the messages in a line and their files; `told` gets the texts of the system's."""
    messages: list[Message] = []
    files: dict[str, list[Attachment]] = {}
    knowledge: list[Attachment] = []
    instead: dict[str, str | None] = {}
    above: str | None = None
    for number, part in enumerate(session.messages):
        written = _written(part, lost)
        content = _content(written, lost)
        if written.role == "system":
            told.append(content.text)
        elif written.knowledge:  # it stands before the prompt that it belongs to
            text = written.knowledge.content or content.text
            knowledge.append(foreign.document(written.knowledge.name or "file", text))
        elif role := _ROLES.get(written.role):
            model = session.model if role == "assistant" else ""
            message = foreign.message(str(number), above, role, content, at, model=model)
            messages.append(message)
            if kept := [*knowledge, *content.files]:
                files[message.id] = kept
            knowledge, above = [], message.id
        else:
            instead[str(number)] = above
            above = str(number)
    return tied(messages, instead, set(instead)), files


def _written(part: Any, lost: Lost) -> _Message:
    try:
        written = _Message.model_validate(part)
    except ValidationError:
        written = _Message(role="")
    if written.role not in (*_ROLES, "system"):
        lost.add(losses.TOOLS if written.role == "tool" else losses.MESSAGES)
    return written


def _content(written: _Message, lost: Lost) -> Content:
    content = foreign.content_of(written.content, lost)
    for number, source in enumerate(written.images, 1):
        file = foreign.image(source, f"image-{number}", lost)
        content.files += [file] if file else []
    if _ROLES.get(written.role) == "assistant":
        thinking, content.text = foreign.untagged(content.text, lost)
        content.thinking = written.reasoning or content.thinking or thinking
    return content


def _title(messages: list[Message]) -> str:
    return make_title(next((one.content for one in messages if one.role == "user"), ""))
