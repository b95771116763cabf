"""What the files of other programs have in common."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.history import File

_IMAGES = {
    b"\x89PNG": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"RIFF": ("image/webp", "webp"),
    b"GIF8": ("image/gif", "gif"),
}
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "seed": (0, 2**31 - 1),
    "num_ctx": (256, 1_048_576),
    "num_predict": (1, 1_048_576),
}
_REASONING = re.compile(
    r'<details type="reasoning"[^>]*>\s*(?:<summary>.*?</summary>)?(.*?)</details>\s*'
    r"|<think>(.*?)</think>\s*",
    re.DOTALL,
)

Time = Annotated[float, Field(ge=0, le=1e14)]  # in seconds or milliseconds


class Part(BaseModel):
    """A part of another program's document; what is not asked for is left out."""

    model_config = ConfigDict(allow_inf_nan=False)


def thought(content: str) -> tuple[str, str]:
    """Cut an answer into its reasoning, which such programs write into it, and the rest."""
    thoughts = [found[1] or found[2] or "" for found in _REASONING.finditer(content)]
    lines = html.unescape("\n".join(thoughts)).strip().splitlines()
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines), _REASONING.sub(
        "", content
    ).strip() if thoughts else content


def parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a conversation can have here, where their values are allowed."""
    kept: dict[str, Any] = {
        name: value
        for name, (low, high) in _RANGES.items()
        if isinstance(value := options.get(name), int | float)
        and not isinstance(value, bool)
        and low <= value <= high
    }
    stop = options.get("stop")
    if isinstance(stop, list) and stop and all(isinstance(one, str) for one in stop):
        kept["stop"] = stop[:8]
    return kept


def image(encoded: str, name: str) -> File | None:
    """An image from base64 or a data URL; None for what is no image of a known kind."""
    try:
        data = base64.b64decode(encoded.rpartition("base64,")[2], validate=True)
    except binascii.Error:
        return None
    kind = next((kind for start, kind in _IMAGES.items() if data.startswith(start)), None)
    if kind is None:
        return None
    media_type, ending = kind
    return File(name if "." in name else f"{name}.{ending}", media_type, len(data), data)


def document(name: str, text: str) -> File:
    """A text that was given to the model, as a file."""
    data = text.encode(errors="replace")
    return File(name, "text/txt", len(data), data)
