"""The sidebar's tools: the conversation's set-up, the models, help."""

from __future__ import annotations

import streamlit as st

from chatbot.page.dialogs import conversation_settings, models
from chatbot.page.i18n import t
from chatbot.page.state import PageState


def draw_tools(state: PageState) -> None:
    """Draw the row of buttons; each opens its dialog."""
    with st.container(horizontal=True, gap="small"):
        if _draw_button(t("Settings"), "tune"):
            conversation_settings.open_dialog(state)
        if _draw_button(t("Models"), "deployed_code"):
            models.open_dialog(state)
        if _draw_button(t("Help"), "help"):
            _open_help()
    if state.services.models.lacks_capability(state.model, "vision"):
        st.caption(t("This model cannot see images."))


def _draw_button(label: str, icon: str) -> bool:
    return st.button(label, icon=f":material/{icon}:", key=f"tool-{icon}", type="tertiary")


def _open_help() -> None:
    @st.dialog(t("Help"), width="medium")
    def draw_dialog() -> None:
        st.markdown(
            t(
                "| Keys | What they do |\n"
                "|---|---|\n"
                "| Enter | send the prompt |\n"
                "| Shift+Enter | a new line in the prompt |\n"
                "| Ctrl+Shift+O | a new chat |\n"
                "| Esc | stop the answer |\n"
            )
        )
        st.markdown(
            t(
                "Below each answer, **More** has it answered again, edits its prompt or copies it. "
                "The earlier versions stay: go through them with the arrows. "
                "Attach files with the paper clip, or paste and drop them."
            )
        )

    draw_dialog()
