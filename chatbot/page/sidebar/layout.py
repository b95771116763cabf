"""The sidebar: a new chat, the model, and the visitor's conversations."""

from __future__ import annotations

import streamlit as st

from chatbot.llm.model_names import is_same
from chatbot.llm.models import list_names
from chatbot.page import account
from chatbot.page.i18n import escape_text, t
from chatbot.page.sidebar import conversation_list, tools
from chatbot.page.state import PageState
from chatbot.settings import EMBEDDED_MODEL_NAME


def draw_sidebar(state: PageState) -> None:
    """Draw the sidebar."""
    with st.sidebar:
        st.button(
            t("New chat"),
            icon=":material/edit_square:",
            key="new",
            shortcut="Ctrl+Shift+O",
            width="stretch",
            on_click=state.open_conversation,
            args=(None,),
        )
        _draw_model_choice(state)
        tools.draw_tools(state)
        conversation_list.draw_conversations(state)
        if note := _describe_loss(state):
            st.caption(note)
        account.draw_user(state)


def _describe_loss(state: PageState) -> str:
    """Return what will not be there the next time, if anything."""
    settings = state.services.settings
    if not state.user.lasting:
        return t("Your browser keeps no cookies, so this history ends with the tab.")
    if settings.ollama_service_url and not settings.database_url:
        return t("This history lives in one replica of the chat and ends with it.")
    if not settings.data_lasts and not settings.database_url:
        return t(
            "The history and pulled models end with this container. "
            "Start it with `-v chat:/data` to keep them."
        )
    return ""


def _draw_model_choice(state: PageState) -> None:
    models = state.services.models
    state.correct_model_name()
    choices = list_names(models.offered)
    if state.model not in choices:
        choices.insert(0, state.model)
    st.session_state.model = state.model
    st.selectbox(
        t("Model"),
        choices,
        format_func=_label_model,
        key="model",
        on_change=_choose_model,
        args=(state,),
    )
    if state.missing_model:
        missing, model = escape_text(state.missing_model), escape_text(_label_model(state.model))
        st.caption(
            t("{missing} is not here; {model} answers instead.", missing=missing, model=model)
        )
    if is_same(state.model, EMBEDDED_MODEL_NAME):
        st.caption(
            t(
                "The small embedded model answers at once and is often wrong. "
                "Choose a larger one for real work."
            )
        )


def _choose_model(state: PageState) -> None:
    state.choose_model(st.session_state.model)


def _label_model(model: str) -> str:
    return t("SmolLM2 135M, embedded") if is_same(model, EMBEDDED_MODEL_NAME) else model
