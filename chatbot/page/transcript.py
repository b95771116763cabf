"""The open conversation's messages: drawn in the browser by frontend/src/transcript."""

from __future__ import annotations

import streamlit as st

from chatbot.llm.model_names import is_same
from chatbot.page import account, acts
from chatbot.page.components import declare_component, read_act
from chatbot.page.state import TRANSCRIPT, PageState
from chatbot.settings import EMBEDDED_MODEL_NAME

_mount = declare_component("chat_transcript", "mountTranscript")


def draw_transcript(state: PageState) -> None:
    """Draw the messages, or the welcome to an empty conversation."""
    st.fragment(_draw_content, key=TRANSCRIPT)(state)


def _draw_content(state: PageState) -> None:
    account.require_user(state)
    _mount(
        key=TRANSCRIPT,
        data={
            "conversation": state.conversation_id,
            "revision": state.revision,
            "writing": state.writing,
            "visitor": state.services.users.make_credential(state.user),
            "models": {"small": is_same(state.model, EMBEDDED_MODEL_NAME)},
        },
        on_act_change=lambda: acts.run_act(state, read_act(TRANSCRIPT, acts.Act)),
    )
