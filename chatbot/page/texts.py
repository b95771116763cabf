"""The page's own texts in the visitor's language; English is what stands in the code.

Each module's translations are in languages/<module>.json: English text to language to text.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

LANGUAGES = ("de", "es", "fr", "zh")  # Chinese is the simplified one

_FOLDER = Path(__file__).with_name("languages")


def t(text: str, /, **values: object) -> str:
    """`text` in the browser's language, with its {fields} filled by `values`."""
    locale = st.context.locale or ""
    said = catalog().get(text, {}).get(locale.partition("-")[0], text)
    return said.format(**values) if values else said


@cache
def catalog() -> dict[str, dict[str, str]]:
    """All translations: English text to language to text."""
    texts: dict[str, dict[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.json")):
        texts.update(json.loads(file.read_text(encoding="utf-8")))
    return texts
