"""The sidebar: the visitor's conversations and the model."""

from __future__ import annotations

import streamlit as st

from chatbot import errors, services
from chatbot.history import Conversation
from chatbot.models import names
from chatbot.page.view import View
from chatbot.settings import EMBEDDED_MODEL_NAME

_EMBEDDED_NOTE = (
    "The small embedded model answers at once and is often wrong. Choose another for real work."
)


def draw(shown: View) -> None:
    """Draws the sidebar."""
    shown.unlisted = False
    with st.sidebar:
        st.button(
            "New chat",
            icon=":material/edit_square:",
            key="new",
            width="stretch",
            on_click=shown.open,
            args=(None,),
        )
        _model(shown)
        _conversations(shown)
        if note := _what_ends(shown):
            st.caption(note)


def _what_ends(shown: View) -> str:
    """What will not be there the next time, if anything."""
    settings = services.current().settings
    if not shown.lasting:
        return "Your browser keeps no cookies, so this history ends with the tab."
    if settings.ollama_service_url and not settings.database_url:
        return "This history lives in one replica of the chat and ends with it."
    if not settings.data_lasts and not settings.database_url:
        return (
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
        "Model", choices, index=choices.index(shown.model), format_func=_label, key="model"
    )
    if shown.model == EMBEDDED_MODEL_NAME:
        st.caption(_EMBEDDED_NOTE)


def _label(model: str) -> str:
    return "SmolLM2 135M, embedded" if model == EMBEDDED_MODEL_NAME else model


def _conversations(shown: View) -> None:
    try:
        conversations = services.current().history.conversations(shown.owner)
    except errors.ChatError as error:
        st.error(error.sentence)
        return
    for one in conversations:
        _entry(shown, one)


def _entry(shown: View, one: Conversation) -> None:
    is_open = one.id == shown.conversation_id
    if not is_open:
        _title(shown, one, "tertiary")
        return
    title, menu = st.columns([5, 2], gap="small", vertical_alignment="center")
    with title:
        _title(shown, one, "secondary")
    with menu, st.popover("", icon=":material/more_horiz:", type="tertiary", help="Rename, delete"):
        _manage(shown, one)


def _title(shown: View, one: Conversation, kind: str) -> None:
    st.button(
        one.title,
        key=f"open-{one.id}",
        type=kind,  # type: ignore[arg-type]
        width="stretch",
        on_click=shown.open,
        args=(one.id,),
    )


def _manage(shown: View, one: Conversation) -> None:
    key = f"title-{one.id}"
    st.text_input(
        "Title", value=one.title, key=key, max_chars=200, on_change=_rename, args=(shown, one, key)
    )
    st.button(
        "Delete this conversation",
        key=f"delete-{one.id}",
        icon=":material/delete:",
        on_click=_delete,
        args=(shown, one),
    )


def _rename(shown: View, one: Conversation, key: str) -> None:
    title = " ".join(str(st.session_state[key]).split())
    if not title:
        return
    try:
        services.current().history.rename(shown.owner, one.id, title)
    except errors.ChatError as error:
        shown.trouble = error


def _delete(shown: View, one: Conversation) -> None:
    try:
        services.current().history.delete(shown.owner, one.id)
    except errors.ChatError as error:
        shown.trouble = error
    else:
        shown.open(None)
