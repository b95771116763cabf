"""Texts that others wrote, made fit for a line of a log and for a page."""

from __future__ import annotations

import re

# All control characters but tab and line end, and those that turn the direction of what follows.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_BREAKS = re.compile(r"[\t\n\r]")


def escape_controls(text: str) -> str:
    r"""Return a text in which nothing moves a cursor or turns a line: `\x1b` stands for Escape."""
    return text if text.isprintable() else _CONTROLS.sub(_escape, text)


def escape_line(text: str) -> str:
    r"""Return the same on one line: `\n` stands for a line end."""
    return _BREAKS.sub(_escape, escape_controls(text))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
