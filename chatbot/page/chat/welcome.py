"""What an empty conversation shows: a greeting and prompts to start with."""

from __future__ import annotations

import streamlit as st

from chatbot.chat.conversation_content import Draft
from chatbot.page.composer import submit_draft
from chatbot.page.i18n import t
from chatbot.page.state import PageState

_KEY = "starters"


def draw_welcome(state: PageState) -> None:
    """Draw it while there is no exchange."""
    place = st.empty()  # emptied at once by the first prompt, not at the end of its answer
    if state.exchanges:
        return
    with place.container(key="welcome-box", gap="medium"):
        st.title(t("What can I help with?"), anchor=False)
        st.pills(
            t("Prompts to start with"),
            _list_starters(),
            key=_KEY,
            label_visibility="collapsed",
            on_change=_submit_starter,
            args=(state,),
        )


def _list_starters() -> list[str]:
    return [
        t("Explain how a rainbow forms"),
        t("Write a short poem about the sea"),
        t("Give me five ideas for dinner"),
        t("Draft a friendly reminder by e-mail"),
    ]


def _submit_starter(state: PageState) -> None:
    chosen = st.session_state[_KEY]
    st.session_state[_KEY] = None
    if chosen:
        submit_draft(state, Draft(str(chosen)))
