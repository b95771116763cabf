"""What the files of other programs have in common: nothing in them is sure to be what it should."""

from __future__ import annotations

import base64
import binascii
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WrapValidator
from pydantic import ValidatorFunctionWrapHandler as Handler

from chatbot.attachments import images
from chatbot.attachments.contents import MOST_CHARS
from chatbot.attachments.images import Picture
from chatbot.domain.attachment import Attachment
from chatbot.domain.messages import Message, Role, State
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import NO_STATISTICS
from chatbot.domain.thinking import split
from chatbot.transfer import losses
from chatbot.transfer.losses import Lost

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg"}
_DETAILS = re.compile(
    r'<details type="(reasoning|tool_calls|code_interpreter)"[^<>]*>\s*'
    r"(?:<summary>[^<]*</summary>)?(.*?)(?:</details>\s*|\Z)",
    re.DOTALL,
)
_DEEPEST = 8  # parts within parts
_LATEST_S = 1e11  # a time beyond it is not in seconds


def lenient(default: Any) -> WrapValidator:
    """Take `default` for a value that is not what it should be."""

    def validate(value: object, handler: Handler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return default

    return WrapValidator(validate)


def read_seconds(value: object) -> float | None:
    """Return a time in Unix seconds from one in seconds, milliseconds and so on, or in ISO 8601."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or value <= 0:
        return None
    while value > _LATEST_S:
        value /= 1000
    return float(value)


Text = Annotated[str, lenient("")]
Flag = Annotated[bool, lenient(False)]
Time = Annotated[float | None, BeforeValidator(read_seconds)]
Things = Annotated[Sequence[Any], lenient(())]
Named = Annotated[dict[str, Any] | None, lenient(None)]


class Part(BaseModel):
    """A part of another program's document; what is not asked for is left out."""

    model_config = ConfigDict(allow_inf_nan=False, coerce_numbers_to_str=True)


@dataclass
class Content:
    """What a message says."""

    text: str = ""
    thinking: str = ""
    files: list[Attachment] = field(default_factory=list)


@dataclass
class _Said:
    """The parts of a message so far, joined at the end: there may be a million."""

    lost: Lost
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)

    def join(self) -> Content:
        texts, thoughts = filter(None, self.texts), filter(None, self.thoughts)
        return Content("\n".join(texts), "\n".join(thoughts), self.files)

    def add(self, part: object, depth: int) -> None:
        fields = part if isinstance(part, dict) else {"text": part}
        kind = str(fields.get("type") or "text")
        says = next((fields[n] for n in ("text", "thinking", "content") if fields.get(n)), None)
        if "image" in kind:
            file = read_image(fields, f"image-{len(self.files) + 1}", self.lost)
            self.files += [file] if file else []
        elif "function" in kind or "tool" in kind:
            self.lost.add(losses.TOOLS)
        elif kind in ("thinking", "reasoning"):
            inner = read_content(says or fields.get("summary"), self.lost, depth)
            self.thoughts.append(inner.text)
        elif isinstance(says, list) and depth < _DEEPEST:
            inner = read_content(says, self.lost, depth)
            self.texts.append(inner.text)
            self.thoughts.append(inner.thinking)
            self.files += inner.files
        elif isinstance(says, str):
            self.texts.append(says)
        elif part and part != {"type": kind, "text": ""}:
            self.lost.add(losses.PARTS)


def read_content(value: object, lost: Lost, depth: int = 0) -> Content:
    """Return what a message's content says: a text, or parts as OpenAI's API has them."""
    said = _Said(lost)
    for part in value if isinstance(value, list) and depth < _DEEPEST else [value]:
        said.add(part, depth + 1)
    return said.join()


def cut_thinking(content: str, lost: Lost) -> tuple[str, str]:
    """Cut an answer into its thinking, which such programs write into it, and the rest."""
    thoughts: list[str] = []

    def cut(tag: re.Match[str]) -> str:
        kind, inner = tag.groups()
        if kind == "reasoning":
            lines = html.unescape(inner).strip().splitlines()
            thoughts.extend(line.removeprefix(">").removeprefix(" ") for line in lines)
        elif kind == "tool_calls":
            lost.add(losses.TOOLS)
        return f"{inner.strip()}\n" if kind == "code_interpreter" else ""

    rest = _DETAILS.sub(cut, content)
    tagged, text = split(rest if rest == content else rest.strip())
    return "\n\n".join(filter(None, ("\n".join(thoughts).strip(), tagged))), text


def read_parameters(options: Mapping[str, Any] | None, lost: Lost) -> Parameters:
    """Return the options that a conversation can have here, where their values are allowed."""
    given = {
        name: value for name, value in (options or {}).items() if value not in (None, "", [], {})
    }
    parameters = Parameters.from_json(given)
    if parameters.model_fields_set != given.keys():
        lost.add(losses.SETTINGS)
    return parameters


def read_image(source: object, name: str, lost: Lost) -> Attachment | None:
    """Return an image from base64, a data URL or what has one in it; None for all others."""
    fields = source if isinstance(source, dict) else {"url": source}
    given = fields.get("name") or fields.get("filename")
    name = given if isinstance(given, str) else name
    for key in ("image_url", "url", "data", "source", "image"):
        if isinstance(inner := fields.get(key), dict):
            return read_image(inner, name, lost)
        if isinstance(inner, str) and inner:
            return _decode_image(inner, name, lost)
    lost.add(losses.NAMED_FILES)
    return None


def _decode_image(encoded: str, name: str, lost: Lost) -> Attachment | None:
    try:
        data = base64.b64decode("".join(encoded.rpartition("base64,")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    picture = read_picture(data)
    if picture is None:
        lost.add(losses.BAD_FILES if encoded.startswith("data:") else losses.NAMED_FILES)
        return None
    name = name if "." in name else f"{name}.{_ENDINGS[picture.media_type]}"
    return Attachment(name, picture.media_type, len(data), picture.data, picture.thumbnail)


def read_picture(data: bytes) -> Picture | None:
    """Return an image as models take it; None for what is none, or cannot be drawn."""
    try:
        return images.read(data)
    except MemoryError:
        raise
    except Exception:  # Pillow has one for each kind of damage
        return None


def make_document(name: str, text: str, lost: Lost) -> Attachment | None:
    """Return a text that was given to the model, as a file; None for one that is too long."""
    if len(text) > MOST_CHARS:
        lost.add(losses.BAD_FILES)
        return None
    data = text.encode(errors="replace")
    return Attachment(name, "text/txt", len(data), data)


def make_message(
    message_id: str,
    parent_id: str | None,
    role: Role,
    content: Content,
    at: float,
    *,
    model: str = "",
    state: State = "done",
    error: str = "",
) -> Message:
    """Return a message of another program's conversation; `at` in Unix seconds."""
    return Message(
        id=message_id,
        conversation_id="",
        parent_id=parent_id,
        role=role,
        content=content.text,
        thinking=content.thinking,
        state=state,
        error=error,
        model=model,
        statistics=NO_STATISTICS,
        created_at=at,
        updated_at=at,
    )
