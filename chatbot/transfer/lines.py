"""The line of an element in a JSON text: no parser here keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]

from chatbot.transfer.tree import Path

_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"


def line_of(text: str, path: Path) -> int:
    """The line, from 1, of the element at `path` in a JSON text that has been read before.

    Names that are not in the document are passed over, so that the line of a missing element is
    that of the one that misses it.
    """
    at = _skip(text, 0)
    for name in path:
        at = next((start for key, start in _members(text, at) if key == name), at)
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Each (key or index, place of its value) of the object or list that begins at `at`."""
    if text[at] not in "{[":
        return
    is_object, number = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key: str | int = number
        if is_object:
            key, at = scanstring(text, at + 1, True)
            at = _skip(text, _skip(text, at) + 1)  # past the colon
        yield key, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1
