"""The lines where a list's elements begin in a JSON text: no parser here keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]

_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"


def find_lines(text: str, name: str | None = None) -> Iterator[int]:
    """Yield the line, from 1, of each element of the list that a JSON text is, or has under `name`.

    The text must have been read before.
    """
    at = _skip_space(text, 0)
    if name is not None:
        at = next(start for key, start in _find_members(text, at) if key == name)
    line, last = 1, 0
    for _, start in _find_members(text, at):
        line, last = line + text.count("\n", last, start), start
        yield line


def _skip_space(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _find_members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Yield each (key or index, place of its value) of the object or list that begins at `at`."""
    is_object, number = text[at] == "{", 0
    at = _skip_space(text, at + 1)
    while text[at] not in "}]":
        key: str | int = number
        if is_object:
            key, at = scanstring(text, at + 1, True)
            at = _skip_space(text, _skip_space(text, at) + 1)  # past the colon
        yield key, at
        at = _skip_space(text, _DECODER.raw_decode(text, at)[1])
        at = _skip_space(text, at + 1) if text[at] == "," else at
        number += 1
