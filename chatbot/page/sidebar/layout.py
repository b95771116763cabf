"""The sidebar: a new chat, the user's conversations, and the tools at its foot."""

from __future__ import annotations

import streamlit as st

from chatbot.page.i18n import t
from chatbot.page.sidebar.conversation_list import draw_conversations
from chatbot.page.state import PageState


def draw_sidebar(state: PageState) -> None:
    """Draw the sidebar."""
    with st.sidebar:
        st.button(
            t("New chat"),
            icon=":material/edit_square:",
            key="new",
            type="tertiary",
            shortcut="Ctrl+Shift+O",
            width="stretch",
            on_click=state.open_conversation,
            args=(None,),
        )
        draw_conversations(state)
