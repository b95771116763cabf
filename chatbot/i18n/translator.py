"""The chat's sentences in the reader's language; English is what stands in the code.

languages/<language>.po has the translations of all sentences that a page shows and of all notices,
for any program that edits such files. `python -m scripts.translations` adds to them what is new in
the code.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter
from typing import Any

import polib

from chatbot.errors import ChatError
from chatbot.notices import Argument, Notice

LANGUAGES = ("de", "es", "fr", "zh")  # Chinese is the simplified one
FOLDER = Path(__file__).with_name("languages")

# What English writes as "," and "." in a number; a language that is not here writes the same.
_SEPARATORS = {"de": (".", ","), "es": (".", ","), "fr": ("\N{NARROW NO-BREAK SPACE}", ",")}


class Translator(Formatter):
    """The sentences and numbers of one language; "" and those without a catalog are English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._translations = _read_catalog(language)
        self._separators = str.maketrans(
            dict(zip(",.", _SEPARATORS.get(language, ",."), strict=True))
        )

    def translate(self, text: str, /, **fields: object) -> str:
        """Return `text` in this language, with its {fields} filled: {rate:.0f}, {tokens:,}."""
        translated = self._translations.gettext(text)
        return self.vformat(translated, (), fields) if fields else translated

    def translate_count(self, singular: str, plural: str, count: float, /, **fields: object) -> str:
        """Return the form of a text that `count` asks for, which is also the field {count}."""
        form = self.choose_form(singular, plural, count)
        return self.vformat(form, (), {"count": count, **fields})

    def choose_form(self, singular: str, plural: str, count: float) -> str:
        """Return the form of a text that `count` asks for, with its fields still open."""
        return self._translations.ngettext(singular, plural, math.ceil(count))

    def describe(
        self, told: ChatError | Notice, quote: Callable[[str], str] = lambda words: words
    ) -> str:
        """Return what a part of the chat tells, in this language.

        `quote` is applied to what it quotes, such as a file's name, or words of Ollama's.
        """
        notice = told if isinstance(told, Notice) else told.notice
        fields = {name: self._fill(value, quote) for name, value in notice.arguments.items()}
        if isinstance(notice.text, str):
            return self.vformat(self._translations.gettext(notice.text), (), fields)
        count = fields.pop("count")
        exact = count if isinstance(count, int | float) else 0
        return self.translate_count(*notice.text, exact, **fields)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a field's value; a number as the language writes it."""
        formatted = super().format_field(value, format_spec)
        is_number = isinstance(value, int | float)
        return str(formatted.translate(self._separators) if is_number else formatted)

    def _fill(self, value: Argument, quote: Callable[[str], str]) -> object:
        if isinstance(value, Notice):
            return self.describe(value, quote)
        return quote(value) if isinstance(value, str) else value


@cache
def load_translator(language: str) -> Translator:
    """Return the translator of a language such as "de"; English where there is no catalog."""
    return Translator(language)


def choose_translator(accept_language: str) -> Translator:
    """Return the translator of the first supported language of an Accept-Language header."""
    supported = (tag for tag in _read_tags(accept_language) if tag in ("en", *LANGUAGES))
    return load_translator(next(supported, "en"))


def _read_tags(accept_language: str) -> list[str]:
    """Return the languages of the header, those wanted most first."""
    ranges = [_read_range(entry) for entry in accept_language.split(",")]
    return [tag for weight, tag in sorted(ranges, key=lambda read: -read[0]) if weight > 0]


def _read_range(entry: str) -> tuple[float, str]:
    tag, _, parameters = entry.partition(";")
    language = tag.strip().partition("-")[0].lower()
    _, _, weight = parameters.partition("q=")
    try:
        return float(weight) if weight.strip() else 1.0, language
    except ValueError:
        return 0.0, language


def _read_catalog(language: str) -> NullTranslations:
    if language not in LANGUAGES:
        return NullTranslations()
    file = polib.pofile(str(FOLDER / f"{language}.po"))
    return GNUTranslations(io.BytesIO(file.to_binary()))
