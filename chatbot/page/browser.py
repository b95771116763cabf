"""What has to happen in the browser: announcing a finished answer, and the focus after it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

from chatbot.page.texts import t

_SCRIPT = Path(__file__).with_name("browser.js")


def help_along(style: str) -> None:
    """Puts our own style and script on the page, once for each tab."""
    finished = json.dumps(t("The answer is finished."))
    st.html(
        f"<style>{style}</style><script>({_script()})({finished})</script>",
        unsafe_allow_javascript=True,
    )


@cache
def _script() -> str:
    return _SCRIPT.read_text(encoding="utf-8")
