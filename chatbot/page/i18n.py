"""The page's own texts in the visitor's language; English is what stands in the code.

Each module's translations are in languages/<module>.json: English text to language to text.
Those in errors.json are of texts from below the page, which are English wherever they lie: in an
error, in the history of a failed answer, in a log.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import streamlit as st

from chatbot.page.markdown import escaped

LANGUAGES = ("de", "es", "fr", "zh")  # Chinese is the simplified one

_FOLDER = Path(__file__).with_name("languages")
_FIELD = re.compile(r"\{\d\}")
_LONGEST = 2000  # characters: what quotes more than that is no sentence of ours


def t(text: str, /, **values: object) -> str:
    """`text` in the browser's language, with its {fields} filled by `values`."""
    said = _said(text)
    return said.format(**values) if values else said


def told(sentence: str) -> str:
    """What a part below the page says, in the browser's language and as Markdown.

    What the sentence quotes (a file's name, words of Ollama's) shows as it stands.
    """
    if sentence in catalog():
        return _said(sentence)
    for text, form in _forms() if len(sentence) <= _LONGEST else ():
        if found := form.fullmatch(sentence):
            return _said(text).format(*map(told, found.groups()))
    return escaped(sentence)


def _said(text: str) -> str:
    return catalog().get(text, {}).get(_language(), text)


def _language() -> str:
    return (st.context.locale or "").partition("-")[0]


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """Each text with numbered fields, and the sentences that are of its form."""
    forms = {
        text: "(.+?)".join(map(re.escape, _FIELD.split(text)))
        for text in catalog()
        if _FIELD.search(text)
    }
    return [(text, re.compile(form, re.DOTALL)) for text, form in forms.items()]


@cache
def catalog() -> dict[str, dict[str, str]]:
    """All translations: English text to language to text."""
    texts: dict[str, dict[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.json")):
        texts.update(json.loads(file.read_text(encoding="utf-8")))
    return texts
