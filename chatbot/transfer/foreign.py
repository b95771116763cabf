"""What the files of other programs have in common."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.attachments import Attachment
from chatbot.errors import BadRequest
from chatbot.parameters import Parameters, parse
from chatbot.thinking import split

_IMAGES = {
    b"\x89PNG": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"RIFF": ("image/webp", "webp"),
}
_KNOWN = Parameters.model_fields.keys()
_REASONING = re.compile(
    r'<details type="reasoning"[^>]*>\s*(?:<summary>.*?</summary>)?(.*?)</details>\s*', re.DOTALL
)

Time = Annotated[float, Field(ge=0, le=1e14)]  # in seconds or milliseconds


class Part(BaseModel):
    """A part of another program's document; what is not asked for is left out."""

    model_config = ConfigDict(allow_inf_nan=False)


def thought(content: str) -> tuple[str, str]:
    """Cut an answer into its reasoning, which such programs write into it, and the rest."""
    folded = [found[1] for found in _REASONING.finditer(content)]
    lines = html.unescape("\n".join(folded)).strip().splitlines()
    tagged, text = split(_REASONING.sub("", content).strip() if folded else content)
    unquoted = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    return "\n\n".join(filter(None, (unquoted, tagged))), text


def parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a conversation can have here, where their values are allowed."""
    return {
        name: options[name] for name in _KNOWN & options.keys() if _allowed(name, options[name])
    }


def _allowed(name: str, value: object) -> bool:
    try:
        return value is not None and bool(parse({name: value}))
    except BadRequest:
        return False


def image(encoded: str, name: str) -> Attachment | None:
    """An image from base64 or a data URL; None for what is no image of a known kind."""
    try:
        data = base64.b64decode(encoded.rpartition("base64,")[2], validate=True)
    except binascii.Error:
        return None
    kind = next((kind for start, kind in _IMAGES.items() if data.startswith(start)), None)
    if kind is None:
        return None
    media_type, ending = kind
    return Attachment(name if "." in name else f"{name}.{ending}", media_type, len(data), data)


def sound(file: Attachment) -> bool:
    """Whether the file is what a model can be given: an image of a known kind, or text."""
    if file.is_image:
        kinds = (media for start, (media, _) in _IMAGES.items() if file.data.startswith(start))
        return next(kinds, None) == file.media_type
    try:
        file.data.decode()
    except UnicodeDecodeError:
        return False
    return True


def document(name: str, text: str) -> Attachment:
    """A text that was given to the model, as a file."""
    data = text.encode(errors="replace")
    return Attachment(name, "text/txt", len(data), data)
