"""The excerpts of messages that a search finds, without the marks of their Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What only tells how a text looks: at the beginning of a line, and around words.
_MARKS = re.compile(
    r"(?:^|(?<=[\s…]))(?:#{1,6}|>|[-*+]|\|[-:| ]*)(?=\s|$)|\*\*|__|~~|`+|\*(?=\S)|\|"
)
_SPACES = re.compile(r"\s{2,}")

Parts = Sequence[tuple[str, bool]]


def strip_marks(parts: Parts) -> list[tuple[str, bool]]:
    """Return the parts of an excerpt as plain text; what was looked for stays as it is."""
    plain = [(text if is_hit else _strip(text), is_hit) for text, is_hit in parts]
    return [part for part in plain if part[0]]


def _strip(text: str) -> str:
    return _SPACES.sub(" ", _MARKS.sub("", text))
