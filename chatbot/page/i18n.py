"""The page's texts in the browser's language; English is what stands in the code.

languages/<language>.po has the translations of the page's own texts and of all notices, for any
program that edits such files. `python -m scripts.translations` adds to them what is new in the
code.
"""

from __future__ import annotations

import io
import math
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

import polib
import streamlit as st

from chatbot.errors import ChatError
from chatbot.notices import Argument, Notice
from chatbot.page.markdown import escape_text

LANGUAGES = ("de", "es", "fr", "zh")  # Chinese is the simplified one
FOLDER = Path(__file__).with_name("languages")


def t(text: str, /, **fields: object) -> str:
    """Return `text` in the browser's language, with its {fields} filled."""
    translated = _load_language(_language()).gettext(text)
    return translated.format(**fields) if fields else translated


def t_n(singular: str, plural: str, count: float, /, **fields: object) -> str:
    """Return the form of a text that `count` asks for, which is also the field {count}."""
    translations = _load_language(_language())
    form = translations.ngettext(singular, plural, math.ceil(count))
    return form.format(count=count, **fields)


def describe(told: ChatError | Notice) -> str:
    """Return what a part below the page tells, in the browser's language and as Markdown.

    What it quotes (a file's name, words of Ollama's) shows as it stands.
    """
    notice = told if isinstance(told, Notice) else told.notice
    fields = {name: _quote(value) for name, value in notice.arguments.items()}
    if isinstance(notice.text, str):
        return t(notice.text).format(**fields)
    count = fields.pop("count")
    return t_n(*notice.text, count if isinstance(count, int | float) else 0, **fields)


def _quote(value: Argument) -> object:
    if isinstance(value, Notice):
        return describe(value)
    return escape_text(value) if isinstance(value, str) else value


def _language() -> str:
    return (st.context.locale or "").partition("-")[0]


@cache
def _load_language(language: str) -> NullTranslations:
    if language not in LANGUAGES:
        return NullTranslations()
    file = polib.pofile(str(FOLDER / f"{language}.po"))
    return GNUTranslations(io.BytesIO(file.to_binary()))
