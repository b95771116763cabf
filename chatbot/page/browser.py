"""What has to happen in the browser: announcing an answer, holding a prompt for its files …"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

from chatbot.page.i18n import t

_FOLDER = Path(__file__).parent
_ASSETS = _FOLDER.parent / "web" / "assets"


def help_along(style: str, max_file_mb: int) -> None:
    """Put our own style and scripts on the page, once for each tab."""
    finished = t("The answer is finished.")
    refused = t(
        "Not sent, as this could not be attached: {names}. Remove it here, or attach it again; "
        "a file has at most {megabytes} MB.",
        names="{names}",
        megabytes=max_file_mb,
    )
    scripts = _call_script("browser.js", finished) + _call_script("attach.js", refused)
    st.html(f"<style>{style}</style><script>{scripts}</script>", unsafe_allow_javascript=True)


def _call_script(name: str, sentence: str) -> str:
    return f"({_read_script(name)})({json.dumps(sentence)});"


@cache
def _read_script(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
