"""The sidebar: a new chat, the model, and the visitor's conversations."""

from __future__ import annotations

import streamlit as st

from chatbot import services
from chatbot.models import names
from chatbot.page import account, library, tools
from chatbot.page.texts import t
from chatbot.page.view import View
from chatbot.settings import EMBEDDED_MODEL_NAME


def draw(shown: View) -> None:
    """Draws the sidebar."""
    with st.sidebar:
        st.button(
            t("New chat"),
            icon=":material/edit_square:",
            key="new",
            shortcut="Ctrl+Shift+O",
            width="stretch",
            on_click=shown.open,
            args=(None,),
        )
        _model(shown)
        tools.draw(shown)
        library.draw(shown)
        if note := _what_ends(shown):
            st.caption(note)
        account.draw()


def _what_ends(shown: View) -> str:
    """What will not be there the next time, if anything."""
    settings = services.current().settings
    if not shown.person.lasting:
        return t("Your browser keeps no cookies, so this history ends with the tab.")
    if settings.ollama_service_url and not settings.database_url:
        return t("This history lives in one replica of the chat and ends with it.")
    if not settings.data_lasts and not settings.database_url:
        return t(
            "The history and pulled models end with this container. "
            "Start it with `-v chat:/data` to keep them."
        )
    return ""


def _model(shown: View) -> None:
    now = services.current()
    choices = names(now.models.installed)
    if shown.model not in choices:
        choices.insert(0, shown.model)
    shown.model = st.selectbox(
        t("Model"), choices, index=choices.index(shown.model), format_func=_label, key="model"
    )
    if shown.model == EMBEDDED_MODEL_NAME:
        st.caption(
            t(
                "The small embedded model answers at once and is often wrong. "
                "Choose a larger one for real work."
            )
        )


def _label(model: str) -> str:
    return t("SmolLM2 135M, embedded") if model == EMBEDDED_MODEL_NAME else model
