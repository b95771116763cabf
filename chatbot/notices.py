"""What the chat tells a user: a code and arguments, from where it arises to where it is shown.

The sentence is made only there, in the reader's language; str() of a notice is the English one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import TypeAlias

from pydantic import JsonValue

from chatbot.safe_text import escape_controls
from chatbot.urls import mask_passwords

Argument: TypeAlias = "str | int | float | Notice"
Text: TypeAlias = str | tuple[str, str]
"""English with named fields; a pair is singular and plural, of which the field `count` chooses."""

texts: dict[str, Text] = {}
"""All English texts by code; see `declare_texts`."""


def declare_texts(own: Mapping[str, Text]) -> None:
    """Add the texts of a module or of a kind of error; a code has one text for all time."""
    for code, text in own.items():
        assert texts.setdefault(code, text) == text, f"{code} has two texts"


@dataclass(frozen=True)
class Notice:
    """A text by its code, with the arguments that fill its fields."""

    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take servers' words without control characters, and addresses without passwords."""
        clean = {name: _clean_argument(value) for name, value in self.arguments.items()}
        object.__setattr__(self, "arguments", clean)

    def __str__(self) -> str:
        """Return the English sentence."""
        text = self.text
        if isinstance(text, tuple):
            text = text[self.arguments["count"] != 1]
        return text.format(**self.arguments)

    @property
    def text(self) -> Text:
        """The English text, its fields still open."""
        return texts[self.code]

    def arguments_as_json(self) -> dict[str, JsonValue]:
        """Return the arguments as JSON has them; a notice within is its code and arguments."""
        return {
            name: {"code": value.code, "arguments": value.arguments_as_json()}
            if isinstance(value, Notice)
            else value
            for name, value in self.arguments.items()
        }


def _clean_argument(value: Argument) -> Argument:
    return mask_passwords(escape_controls(value)) if isinstance(value, str) else value


def fields_of(text: Text) -> set[str]:
    """Return the names of a text's fields."""
    whole = text if isinstance(text, str) else "".join(text)
    return {name for _, name, _, _ in Formatter().parse(whole) if name}


def read_notice(code: object, arguments: object) -> Notice | None:
    """Return the notice that was stored or imported as JSON, or None for one that is not whole."""
    if code not in texts or not isinstance(arguments, dict):
        return None
    try:
        read = {name: _read_argument(value) for name, value in arguments.items()}
        notice = Notice(str(code), read)
        str(notice)
    except (LookupError, ValueError, TypeError, RecursionError):
        return None  # an argument is missing, or is not what its text takes
    return notice


def _read_argument(value: object) -> Argument:
    if isinstance(value, dict):
        value = read_notice(value.get("code"), value.get("arguments"))
    if not isinstance(value, str | int | float | Notice):
        raise TypeError("this is no argument")
    return value
