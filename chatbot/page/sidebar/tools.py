"""The sidebar's tools: the conversation's set-up, the models, help."""

from __future__ import annotations

import streamlit as st

from chatbot.page.dialogs import conversation_settings, models
from chatbot.page.i18n import t
from chatbot.page.state import PageState


def draw(state: PageState) -> None:
    """Draws the row of buttons; each opens its dialog."""
    with st.container(horizontal=True, gap="small"):
        if _button(t("Settings"), "tune"):
            conversation_settings.dialog(state)
        if _button(t("Models"), "deployed_code"):
            models.dialog(state)
        if _button(t("Help"), "help"):
            _help()
    if state.services.models.lacks(state.model, "vision"):
        st.caption(t("This model cannot see images."))


def _button(label: str, icon: str) -> bool:
    return st.button(label, icon=f":material/{icon}:", key=f"tool-{icon}", type="tertiary")


def _help() -> None:
    @st.dialog(t("Help"), width="medium")
    def dialog() -> None:
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

    dialog()
