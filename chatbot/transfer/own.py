"""Reads the chat's own JSON; docs/conversations.md describes it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import fields
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from chatbot.attachments import Attachment
from chatbot.errors import BadRequest
from chatbot.history import Conversation, Ending, Message, Role, Summary, Whole
from chatbot.history.records import title_from
from chatbot.llm import Stats
from chatbot.parameters import parse
from chatbot.transfer.foreign import sound
from chatbot.transfer.tree import Path, checked

FORMAT = "ollama-chatbot conversations"
VERSION = 1

_NUMBERS = {one.name for one in fields(Stats) if one.type in ("int", "float")} | {"left_out"}
_Time = Annotated[float, Field(ge=0, le=1e11)]


def _decoded(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("this is not base64") from error


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        if not all(isinstance(one, str | int | float | None) for one in _flat(value)):
            raise ValueError(f"{name} is neither a text nor a number nor a list of them")
    return values


def _flat(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _counted(stats: dict[str, Any]) -> dict[str, Any]:
    for name in _NUMBERS & stats.keys():
        if not isinstance(stats[name], int | float | None):
            raise ValueError(f"{name} is not a number")
    return stats


_Plain = Annotated[dict[str, Any], AfterValidator(_plain)]


def _in_range(values: dict[str, Any]) -> dict[str, Any]:
    try:
        parse(values)
    except BadRequest as error:
        raise ValueError(error.sentence) from error
    return values


class _Part(BaseModel):
    # Strict: a file is not mended but refused. Names that a later version adds are left out.
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _File(_Part):
    name: str
    media_type: str
    size: int = Field(ge=0, lt=2**31)
    data: Annotated[bytes, BeforeValidator(_decoded)]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if not sound(self.attachment):
            raise ValueError("it is neither text nor an image of its media type")
        return self

    @property
    def attachment(self) -> Attachment:
        """The file as the history keeps it."""
        return Attachment(self.name, self.media_type, self.size, self.data)


class _Message(_Part):
    id: str
    parent_id: str | None
    role: Role
    content: str
    thinking: str = ""
    state: Ending = "done"
    error: str = ""
    model: str = ""
    stats: Annotated[_Plain, AfterValidator(_counted)] | None = None
    created_at: _Time
    updated_at: _Time
    attachments: list[_File] = []


class _Summary(_Part):
    text: str
    until: str


class _Conversation(_Part):
    title: str
    pinned: bool = False
    model: str = ""
    system_prompt: str = ""
    parameters: Annotated[_Plain, AfterValidator(_in_range)] = {}
    summary: _Summary | None = None
    head_id: str | None
    created_at: _Time
    updated_at: _Time
    messages: list[_Message]

    @model_validator(mode="before")
    @classmethod
    def _move_summary(cls, values: Any) -> Any:
        """Before the summary had its place, it stood among the parameters."""
        own = values.get("parameters") if isinstance(values, dict) else None
        if not isinstance(own, dict) or "summary" not in own:
            return values
        others = {name: value for name, value in own.items() if name != "summary"}
        summary = values.get("summary") or own["summary"]
        return {**values, "summary": summary, "parameters": others}


class _Document(_Part):
    format: Literal["ollama-chatbot conversations"]
    version: Literal[1]
    conversations: list[_Conversation]


def fits(document: object) -> bool:
    """Whether the document says that it is of this format."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def read(document: object) -> list[Whole]:
    """Read a document; raises pydantic.ValidationError or Misfit."""
    found = _Document.model_validate(document)
    return [
        _whole(one, ("conversations", number)) for number, one in enumerate(found.conversations)
    ]


def _whole(one: _Conversation, path: Path) -> Whole:
    plain = one.model_dump(exclude={"messages", "title", "summary"})
    summary = Summary(one.summary.text, one.summary.until) if one.summary else None
    made = Conversation(id="", owner="", title=title_from(one.title), summary=summary, **plain)
    messages = [
        Message(conversation_id="", **message.model_dump(exclude={"attachments"}))
        for message in one.messages
    ]
    files = {
        message.id: [file.attachment for file in message.attachments]
        for message in one.messages
        if message.attachments
    }
    places = [(*path, "messages", number) for number in range(len(messages))]
    return checked(Whole(made, messages, files), (*path, "head_id"), places)
