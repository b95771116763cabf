"""The whole page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from chatbot.page import account, composer
from chatbot.page.dialogs import conversation_settings, data, help, models
from chatbot.page.header import draw_header
from chatbot.page.sidebar.layout import draw_sidebar
from chatbot.page.state import PageState, load_state
from chatbot.page.transcript import draw_transcript
from chatbot.services import current

_ICON = Path(__file__).with_name("icon.svg")


def draw_page() -> None:
    """Draw the whole page of this tab; the one run that looks up the services."""
    services = current()
    user = account.find_user(services)
    if user is None:
        _name_tab("Chat")
        account.draw_sign_in(services)
        return
    state = load_state(services, user)
    state.follow_address()
    state.reload_conversation()
    composer.send_early_prompt(state)
    _name_tab(state.conversation.title if state.conversation else "Chat")
    draw_header(state)
    draw_transcript(state)
    composer.draw_composer(state)
    draw_sidebar(state)
    data.tell_import()
    _draw_dialog(state)


def _name_tab(title: str) -> None:
    st.set_page_config(page_title=title, page_icon=str(_ICON), layout="centered")


def _draw_dialog(state: PageState) -> None:
    """Open the dialog that was asked for, if any."""
    match state.take_dialog():
        case "settings":
            conversation_settings.open_dialog(state)
        case "models":
            models.open_dialog(state)
        case "data":
            data.open_dialog(state)
        case "help":
            help.open_dialog()
