"""The page's texts in the browser's language; see chatbot/i18n for how they are translated."""

from __future__ import annotations

import re

import streamlit as st

from chatbot.errors import ChatError
from chatbot.i18n.translator import Translator, load_translator
from chatbot.notices import Notice

# Where an address would become a link, even one of which each character is escaped.
_ADDRESS = re.compile(r"https?:(?=//)|www(?=\.)|(?=@)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def t(text: str, /, **fields: object) -> str:
    """Return `text` in the browser's language, with its {fields} filled."""
    return current_translator().translate(text, **fields)


def t_n(singular: str, plural: str, count: float, /, **fields: object) -> str:
    """Return the form of a text that `count` asks for, which is also the field {count}."""
    return current_translator().translate_count(singular, plural, count, **fields)


def describe(told: ChatError | Notice) -> str:
    """Return what a part below the page tells, in the browser's language and as Markdown.

    What it quotes (a file's name, words of Ollama's) shows as it stands.
    """
    return current_translator().describe(told, escape_text)


def say(told: ChatError | Notice) -> str:
    """Return the same as plain text."""
    return current_translator().describe(told)


def current_translator() -> Translator:
    """Return the translator of the language that the browser asks for."""
    return load_translator(_language())


def escape_text(text: str) -> str:
    """Markdown that shows a text as it stands, on one line; only an address becomes a link."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def escape_line(text: str) -> str:
    """Markdown that shows one line of text as it stands: no link, formula, colour or HTML."""
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub("\\g<0>\N{WORD JOINER}", text))


def _language() -> str:
    return (st.context.locale or "").partition("-")[0]
