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
from chatbot.transfer.tree import alternate_roles, mend_tree, tie_messages

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "ai": "assistant"}


def _find_name(value: object) -> object:
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
    model: Annotated[Text, BeforeValidator(_find_name)] = ""
    systemPrompt: Annotated[_Message | None, foreign.lenient(None)] = None
    options: Named = None
    updatedAt: Time = None
    messages: list[Any]


def is_session(document: object) -> bool:
    """Return whether the document looks like such a session."""
    return isinstance(document, dict) and isinstance(document.get("messages"), list)


def read(document: dict[str, Any], lost: Lost) -> ConversationArchive:
    """Read a session; raises Unreadable, and adds to `lost` what it leaves out."""
    session = _Session.model_validate(document)
    at = session.updatedAt or time.time()
    prompt = session.systemPrompt
    system_prompts = [foreign.read_content(prompt.content, lost).text] if prompt else []
    messages, files = _read_messages(session, system_prompts, at, lost)
    made = Conversation(
        id="",
        user_id="",
        title=shorten_title(session.title) if session.title else _choose_title(messages),
        pinned=False,
        model=session.model,
        system_prompt="\n\n".join(filter(None, system_prompts)),
        parameters=foreign.read_parameters(session.options, lost),
        head_id=messages[-1].id if messages else None,
        created_at=at,
        updated_at=at,
    )
    return alternate_roles(mend_tree(made, messages, files))


def _read_messages(
    session: _Session, system_prompts: list[str], at: float, lost: Lost
) -> tuple[list[Message], dict[str, list[Attachment]]]:
    """Return the messages in a line, and their files; add the system's to `system_prompts`."""
    messages: list[Message] = []
    files: dict[str, list[Attachment]] = {}
    knowledge: list[Attachment] = []
    instead: dict[str, str | None] = {}
    above: str | None = None
    for number, part in enumerate(session.messages):
        written = _parse_message(part, lost)
        content = _read_content(written, lost)
        if written.role == "system":
            system_prompts.append(content.text)
        elif written.knowledge:  # it stands before the prompt that it belongs to
            text = written.knowledge.content or content.text
            made = foreign.make_document(written.knowledge.name or "file", text, lost)
            knowledge += [made] if made else []
        elif role := _ROLES.get(written.role):
            model = session.model if role == "assistant" else ""
            message = foreign.make_message(str(number), above, role, content, at, model=model)
            messages.append(message)
            if kept := [*knowledge, *content.files]:
                files[message.id] = kept
            knowledge, above = [], message.id
        else:
            instead[str(number)] = above
            above = str(number)
    return tie_messages(messages, instead, set(instead)), files


def _parse_message(part: Any, lost: Lost) -> _Message:
    try:
        written = _Message.model_validate(part)
    except ValidationError:
        written = _Message(role="")
    if written.role not in (*_ROLES, "system"):
        lost.add(losses.TOOLS if written.role == "tool" else losses.MESSAGES)
    return written


def _read_content(written: _Message, lost: Lost) -> Content:
    content = foreign.read_content(written.content, lost)
    for number, source in enumerate(written.images, 1):
        file = foreign.read_image(source, f"image-{number}", lost)
        content.files += [file] if file else []
    if _ROLES.get(written.role) == "assistant":
        thinking, content.text = foreign.cut_thinking(content.text, lost)
        content.thinking = written.reasoning or content.thinking or thinking
    return content


def _choose_title(messages: list[Message]) -> str:
    return make_title(next((one.content for one in messages if one.role == "user"), ""))
