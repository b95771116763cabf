"""The whole page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from chatbot import errors, services
from chatbot.page import account, exchange, sidebar, status, view

_ICON = Path(__file__).with_name("icon.svg")
_FREE_SLOTS = 3

# The stop button is there while a script runs, which one that follows an answer does for longer
# than the delay.
_STYLE = """<style>
@keyframes later { from { visibility: hidden } }
.stApp .st-key-stopping { animation: later 0.3s step-end }
.stApp:not([data-test-script-state="running"]) .st-key-stopping { display: none }
</style>"""


def page() -> None:
    """Draws the page."""
    st.set_page_config(page_title="Chat", page_icon=str(_ICON), layout="centered")
    st.html(_STYLE)
    if not account.admits():
        return
    shown = view.current()
    shown.reload()
    if shown.early:
        early, shown.early = shown.early, ""
        _send(shown, early)
    sidebar.draw(shown)
    _bottom(shown)
    st.fragment(_welcome, key="welcome")()
    _exchanges(shown)


def _bottom(shown: view.View) -> None:
    with st.bottom:
        status.draw()
        if shown.trouble is not None:
            st.error(shown.trouble.sentence)
        # Streamlit's own stop button takes the end of the submission's run for the answer's end.
        with st.container(key="stopping", horizontal=True, horizontal_alignment="center"):
            st.button("Stop", key="stop", icon=":material/stop_circle:", on_click=exchange.stop)
    prompt = st.chat_input(
        "Ask anything",
        key="prompt",
        max_chars=services.current().settings.max_prompt_chars,
        on_submit=_submit,
    )
    if prompt is not None and not shown.taken:
        # It came before this session had drawn its input, as after a restart: no callback then.
        shown.early = prompt
        st.rerun()
    shown.taken = False


def _welcome() -> None:
    place = st.empty()  # emptied at once by the first prompt, not at the end of its answer
    if not view.current().exchanges:
        place.title("What can I help with?", anchor=False)


def _exchanges(shown: view.View) -> None:
    """Draws each exchange in a fragment of its own, so that a new one redraws nothing else.

    The last one, which may be under way, is drawn after all others: following it takes its time.
    """
    last = len(shown.exchanges) - 1
    for index in range(last):
        _slot(index)
    place = st.container()
    _free_slots(last + 1)
    if shown.exchanges:
        with place:
            _slot(last)


def _free_slots(first: int) -> None:
    """Places for exchanges to come; the last of them opens more, below itself, once it is used."""
    for index in range(first, first + _FREE_SLOTS):
        _slot(index, opens=index == first + _FREE_SLOTS - 1)


def _slot(index: int, opens: bool = False) -> None:
    st.fragment(_exchange, key=f"exchange-{index}")(index, opens)


def _exchange(index: int, opens: bool) -> None:
    if opens and index < len(view.current().exchanges):
        place = st.container()
        _free_slots(index + 1)
        with place:
            exchange.draw(index)
    else:
        exchange.draw(index)


def _submit() -> None:
    shown = view.current()
    changed = _send(shown, str(st.session_state.prompt))
    if changed:
        welcome = ["welcome"] if 0 in changed else []
        st.rerun([*welcome, *(f"exchange-{index}" for index in changed)])
    shown.taken = True


def _send(shown: view.View, prompt: str) -> list[int]:
    """Sends the prompt; on a refusal it goes back into the input and the reason is shown.

    Returns the exchanges to draw, none when the whole page is to be drawn.
    """
    was_clear = shown.trouble is None
    shown.trouble = None
    try:
        changed = exchange.send(shown, prompt)
    except errors.ChatError as error:
        st.session_state.prompt = prompt
        shown.trouble = error
        return []
    return changed if was_clear else []
