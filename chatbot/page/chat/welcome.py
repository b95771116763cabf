"""What an empty conversation shows: a greeting and prompts to start with."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from chatbot.chat.conversation_content import Draft
from chatbot.page.i18n import t
from chatbot.page.state import View

_KEY = "starters"


def draw(shown: View, submit: Callable[[Draft], None]) -> None:
    """Draws it while there is no exchange; `submit` sends the prompt that is chosen."""
    place = st.empty()  # emptied at once by the first prompt, not at the end of its answer
    if shown.exchanges:
        return
    with place.container(key="welcome-box", gap="medium"):
        st.title(t("What can I help with?"), anchor=False)
        st.pills(
            t("Prompts to start with"),
            _starters(),
            key=_KEY,
            label_visibility="collapsed",
            on_change=_start,
            args=(submit,),
        )


def _starters() -> list[str]:
    return [
        t("Explain how a rainbow forms"),
        t("Write a short poem about the sea"),
        t("Give me five ideas for dinner"),
        t("Draft a friendly reminder by e-mail"),
    ]


def _start(submit: Callable[[Draft], None]) -> None:
    chosen = st.session_state[_KEY]
    st.session_state[_KEY] = None
    if chosen:
        submit(Draft(str(chosen)))
