"""Reads a conversation of the chat's own JSON; docs/conversations.md describes it."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from chatbot.attachments import images
from chatbot.attachments.contents import MOST_CHARS
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import Summary
from chatbot.domain.messages import Ending, Message, Role
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.domain.titles import make_title, shorten_title
from chatbot.notices import read_notice
from chatbot.transfer import losses
from chatbot.transfer.foreign import (
    Flag,
    Named,
    Text,
    Things,
    lenient,
    read_parameters,
)
from chatbot.transfer.losses import Lost
from chatbot.transfer.tree import mend_tree, resolve_id, tie_messages

FORMAT = "ollama-chatbot conversations"
VERSION = 1

_BEFORE = "summary"  # it stood among the parameters before it had a place of its own
_LONGEST_TITLE = 200  # characters, as the page takes them
_LONGEST_NOTICE = 10_000  # characters; each of its levels is made into a sentence again
_STATISTICS = TypeAdapter(Statistics)


_Time = Annotated[float | None, Field(ge=0, le=1e11), lenient(None)]


def _decode_base64(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("this is not base64") from error


class _Part(BaseModel):
    # Names that a later version adds are left out.
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _File(_Part):
    name: str
    media_type: str
    size: Annotated[int, Field(ge=0, lt=2**31)]
    data: Annotated[bytes, BeforeValidator(_decode_base64)]


class _Parent(_Part):
    parent_id: Annotated[str | None, lenient(None)] = None


class _Message(_Parent):
    id: str
    role: Role
    content: str
    thinking: Text = ""
    state: Annotated[Ending, lenient("interrupted")] = "done"
    error: Text = ""
    error_code: Annotated[str | None, lenient(None)] = None
    error_arguments: Named = None
    model: Text = ""
    stats: Annotated[dict[str, Any] | None, lenient(None)] = None
    created_at: _Time = None
    updated_at: _Time = None
    attachments: Things = ()


class _Summary(_Part):
    text: str
    until: str


class _Conversation(_Part):
    title: Text = ""
    pinned: Flag = False
    model: Text = ""
    system_prompt: Text = ""
    parameters: Named = None
    summary: Annotated[_Summary | None, lenient(None)] = None
    head_id: Annotated[str | None, lenient(None)] = None
    created_at: _Time = None
    updated_at: _Time = None
    messages: Things = ()


def read(document: dict[str, Any], lost: Lost) -> ConversationArchive:
    """Read a conversation; raises Unreadable, and adds to `lost` what it leaves out."""
    conversation = _Conversation.model_validate(document)
    written = conversation.created_at
    created = time.time() if written is None else written
    messages = _Messages(created, lost)
    for message in conversation.messages:
        messages.take(message)
    sound = tie_messages(messages.sound_messages, messages.instead, set(messages.instead))
    made = Conversation(
        id="",
        user_id="",
        title=_choose_title(conversation, sound),
        pinned=conversation.pinned,
        model=conversation.model,
        system_prompt=conversation.system_prompt,
        parameters=_read_own_parameters(conversation.parameters, lost),
        head_id=resolve_id(conversation.head_id, messages.instead),
        created_at=created,
        updated_at=created if conversation.updated_at is None else conversation.updated_at,
        summary=_read_summary(conversation, messages.instead),
    )
    return mend_tree(made, sound, messages.files)


def _choose_title(conversation: _Conversation, messages: list[Message]) -> str:
    title = conversation.title
    if not title:
        return make_title(next((message.content for message in messages), ""))
    return title if len(title) <= _LONGEST_TITLE else shorten_title(title)


def _read_own_parameters(written: dict[str, Any] | None, lost: Lost) -> Parameters:
    given = {name: value for name, value in (written or {}).items() if name != _BEFORE}
    return read_parameters(given, lost)


def _read_summary(conversation: _Conversation, instead: dict[str, str | None]) -> Summary | None:
    summary = conversation.summary
    if summary is None and (old := (conversation.parameters or {}).get(_BEFORE)):
        summary = _Conversation(summary=old).summary
    until = resolve_id(summary.until, instead) if summary else None
    return Summary(summary.text, until) if summary and until else None


class _Messages:
    """The messages of a conversation, still as their ties are there.

    `instead` has, for each id whose message is left out, the one that stands for it.
    """

    def __init__(self, at: float, lost: Lost) -> None:
        self._at, self._lost = at, lost
        self._by_id: dict[str, Message] = {}
        self.files: dict[str, list[Attachment]] = {}
        self.instead: dict[str, str | None] = {}

    def take(self, written: Any) -> None:
        try:
            message = _Message.model_validate(written)
        except ValidationError:
            self._lost.add(losses.MESSAGES)
            if isinstance(written, dict):
                self.instead[str(written.get("id"))] = _Parent.model_validate(written).parent_id
        else:
            self._add_message(message)

    def _add_message(self, written: _Message) -> None:
        message_id = written.id if written.id not in self._by_id else secrets.token_hex(16)
        self._at = self._at if written.created_at is None else written.created_at
        updated = self._at if written.updated_at is None else written.updated_at
        plain = written.model_dump(exclude={"attachments", "stats"})
        plain |= {"id": message_id, "created_at": self._at, "updated_at": updated}
        told = read_notice(written.error_code, written.error_arguments)
        if told is None or len(str(told)) > _LONGEST_NOTICE:
            plain |= {"error_code": None, "error_arguments": None}  # the sentence says it
        statistics = _read_statistics(written.stats)
        self._by_id[message_id] = Message(conversation_id="", statistics=statistics, **plain)
        files = [_read_attachment(file) for file in written.attachments]
        if None in files:
            self._lost.add(losses.BAD_FILES)
        if kept := [file for file in files if file]:
            self.files[message_id] = kept

    @property
    def sound_messages(self) -> list[Message]:
        return list(self._by_id.values())


def _read_statistics(written: dict[str, Any] | None) -> Statistics:
    """Return what is sound of an answer's statistics."""
    values = {name: value for name, value in (written or {}).items() if value is not None}
    try:
        return _STATISTICS.validate_python(values)
    except ValidationError as error:
        wrong = {refusal["loc"][0] for refusal in error.errors()}
        return _STATISTICS.validate_python({n: v for n, v in values.items() if n not in wrong})


def _read_attachment(written: Any) -> Attachment | None:
    try:
        file = _File.model_validate(written)
    except ValidationError:
        return None
    thumbnail = _draw_thumbnail(file)
    if thumbnail is None:
        return None
    return Attachment(file.name, file.media_type, file.size, file.data, thumbnail)


def _draw_thumbnail(file: _File) -> bytes | None:
    """Return what pages draw of the file, b"" for itself; None where it is not what it says."""
    try:
        if not file.media_type.startswith("image/"):
            return b"" if len(file.data.decode()) <= MOST_CHARS else None
        if images.find_media_type(file.data) == file.media_type:
            return images.draw_thumbnail(file.data)
    except MemoryError:
        raise
    except Exception:  # Pillow has one for each kind of damage
        pass
    return None
