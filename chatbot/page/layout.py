"""The whole page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from chatbot.page import account, browser, composer
from chatbot.page.dialogs import models
from chatbot.page.sidebar import conversation_list
from chatbot.page.sidebar.layout import draw_sidebar
from chatbot.page.state import PageState, load_state
from chatbot.page.transcript import draw_transcript
from chatbot.services import current

_ICON = Path(__file__).with_name("icon.svg")

# Captions are too faint for many eyes as Streamlit draws them.
_STYLE = """
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8 }
#chat-not-attached {
  margin-bottom: 0.5rem; padding: 0.75rem 1rem; border-radius: 0.5rem;
  color: light-dark(#7d353b, #ffdede); background: light-dark(#ffecec, #5a2a2e)
}
"""


def draw_page() -> None:
    """Draw the whole page of this tab; the one run that looks up the services."""
    services = current()
    st.set_page_config(page_title="Chat", page_icon=str(_ICON), layout="centered")
    browser.help_along(_STYLE + conversation_list.STYLE)
    user = account.find_user(services)
    if user is None:
        account.draw_sign_in(services)
        return
    state = load_state(services, user)
    state.follow_address()
    state.reload_conversation()
    composer.send_early_prompt(state)
    draw_transcript(state)
    composer.draw_composer(state)
    draw_sidebar(state)
    _draw_dialog(state)


def _draw_dialog(state: PageState) -> None:
    if state.take_dialog() == "models":
        models.open_dialog(state)
