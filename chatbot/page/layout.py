"""The whole page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from chatbot.page import account, browser, composer
from chatbot.page.chat import context_usage
from chatbot.page.chat.exchange import draw_exchange
from chatbot.page.chat.welcome import draw_welcome
from chatbot.page.dialogs.exchange import draw_dialog
from chatbot.page.i18n import t
from chatbot.page.sidebar import conversation_list
from chatbot.page.sidebar.layout import draw_sidebar
from chatbot.page.state import PageState, exchange_key, load_state
from chatbot.services import current

_ICON = Path(__file__).with_name("icon.svg")
_FREE_SLOTS = 3
_PAGE_LENGTH = 15  # exchanges: a browser is slow to draw hundreds

# The stop button is there while a script runs, which one that follows an answer does for longer
# than the delay.
# Captions and the colours of code are too faint for many eyes as Streamlit draws them.
_STYLE = """
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8 }
.stApp .stCode .token { color: light-dark(#4a5068, #b9bfd3) }
.stApp .stCode .token:is(.keyword, .boolean, .builtin, .tag) { color: light-dark(#0b5cad, #6cb2ff) }
.stApp .stCode .token:is(.string, .number, .char, .attr-value) {
  color: light-dark(#0c6b5e, #4fd1bd)
}
.stApp .stCode .token:is(.function, .class-name, .property, .attr-name) {
  color: light-dark(#6b2fd6, #c3a6ff)
}
#chat-not-attached {
  margin-bottom: 0.5rem; padding: 0.75rem 1rem; border-radius: 0.5rem;
  color: light-dark(#7d353b, #ffdede); background: light-dark(#ffecec, #5a2a2e)
}
@keyframes later { from { visibility: hidden } }
.st-key-stop p::after { content: "Esc"; margin-left: 0.5rem; opacity: 0.7; font-size: 0.875rem }
.stApp .st-key-stopping { animation: later 0.3s step-end }
.stApp:not([data-test-script-state="running"]) .st-key-stopping { display: none }
"""


def draw_page() -> None:
    """Draw the whole page of this tab; the one run that looks up the services."""
    services = current()
    st.set_page_config(page_title="Chat", page_icon=str(_ICON), layout="centered")
    browser.help_along(_STYLE + conversation_list.STYLE, services.settings.max_file_mb)
    user = account.find_user(services)
    if user is None:
        account.draw_sign_in(services)
        return
    state = load_state(services, user)
    state.follow_address()
    state.begin_run()
    composer.send_early_prompt(state)
    draw_sidebar(state)
    composer.draw_composer(state)
    draw_welcome(state)
    if state.exchanges:
        _draw_exchanges(state)
    draw_dialog(state)


def _draw_exchanges(state: PageState) -> None:
    """Draw each exchange in a fragment of its own, so that a new one redraws nothing else.

    The last one, which may be under way, is drawn after all others: following it takes its time.
    """
    last = len(state.exchanges) - 1
    first = state.begin_page(_PAGE_LENGTH)
    if first:
        _draw_earlier_button(state)
    for index in range(first, last):
        context_usage.draw_boundary(state, index)
        _draw_slot(state, index)
    place = st.container()
    _draw_free_slots(state, last + 1)
    with place:
        context_usage.draw_boundary(state, last)
        _draw_slot(state, last)


def _draw_earlier_button(state: PageState) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(t("Show earlier messages"), key="earlier", type="tertiary"):
            state.show_earlier(_PAGE_LENGTH)
            st.rerun()


def _draw_free_slots(state: PageState, first: int) -> None:
    """Make places for exchanges to come; the last one, once used, opens more below itself."""
    for index in range(first, first + _FREE_SLOTS):
        _draw_slot(state, index, opens=index == first + _FREE_SLOTS - 1)


def _draw_slot(state: PageState, index: int, opens: bool = False) -> None:
    st.fragment(_draw_slot_content, key=exchange_key(index))(state, index, opens)


def _draw_slot_content(state: PageState, index: int, opens: bool) -> None:
    account.require_user(state)
    if opens and index < len(state.exchanges):
        place = st.container()
        _draw_free_slots(state, index + 1)
        with place:
            draw_exchange(state, index)
    else:
        draw_exchange(state, index)
