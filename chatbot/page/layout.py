"""The whole page, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from chatbot import errors, services
from chatbot.attachments import reader
from chatbot.chat.conversation_content import Draft
from chatbot.domain.attachment import Attachment
from chatbot.page import account, browser, state, status
from chatbot.page.chat import context_gauge, exchange, welcome
from chatbot.page.dialogs.exchange import draw as draw_dialog
from chatbot.page.i18n import t, told
from chatbot.page.sidebar import conversation_list, layout
from chatbot.page.streamlit_internals import ChatInputValue

_ICON = Path(__file__).with_name("icon.svg")
_FREE_SLOTS = 3
_SHOWN = 15  # exchanges: a browser is slow to draw hundreds
# Exchanges until the page is drawn anew. Each place for turns lies in the one before, and Streamlit
# copies all that a fragment lies in at each of its runs.
_NESTED = 18

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


def page() -> None:
    """Draws the page."""
    st.set_page_config(page_title="Chat", page_icon=str(_ICON), layout="centered")
    browser.help_along(_STYLE + conversation_list.STYLE, services.current().settings.max_file_mb)
    if not account.admits():
        return
    shown = state.current()
    shown.agree_with_address()
    shown.follows_at_once = shown.taken and len(shown.exchanges) == 1
    if shown.taken:
        shown.taken = False
    else:
        shown.reload()
    if shown.early is not None:
        early, shown.early = shown.early, None
        if draft := _draft(shown, early):
            _send(shown, draft)
    layout.draw(shown)
    _bottom(shown)
    welcome.draw(shown, _submit)
    if shown.exchanges:
        _exchanges(shown)
    draw_dialog(shown)


def _bottom(shown: state.View) -> None:
    now = services.current()
    with st.bottom:
        status.draw()
        if shown.trouble is not None:
            st.error("\n\n".join(map(told, shown.trouble.sentence.split("\n"))))
        if shown.held:
            _held(shown)
        # Streamlit's own stop button takes the end of the submission's run for the answer's end.
        # Its shortcuts take Esc also from what is open, so browser.js presses this one.
        with st.container(key="stopping", horizontal=True, horizontal_alignment="center"):
            st.button(
                t("Stop"),
                key="stop",
                icon=":material/stop_circle:",
                on_click=shown.stop_answer,
            )
    prompt = st.chat_input(
        t("Ask anything"),
        key="prompt",
        # No max_chars: what is longer would not come in, without a word. Sending it says why.
        # Any kind, and images too for a model that cannot see: what is in a file decides, and what
        # cannot be taken is said when it is sent.
        accept_file="multiple",
        max_upload_size=now.settings.max_file_mb,
        on_submit=_typed,
    )
    first, shown.drawn = not shown.drawn, True
    if prompt is not None and first:
        # It came before this session had drawn its input, as after a restart: no callback then.
        shown.early = prompt
        st.rerun()


def _held(shown: state.View) -> None:
    """The files of a prompt that was refused, which go with the next one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        exchange.draw_chips(shown.held)
        st.button(t("Remove"), key="unhold", type="tertiary", on_click=shown.held.clear)


def _exchanges(shown: state.View) -> None:
    """Draws each exchange in a fragment of its own, so that a new one redraws nothing else.

    The last one, which may be under way, is drawn after all others: following it takes its time.
    """
    last = len(shown.exchanges) - 1
    shown.drawn_flat = last + 1
    if shown.first is None:
        shown.first = max(0, last + 1 - _SHOWN)
    if shown.first:
        _earlier(shown)
    for index in range(shown.first, last):
        context_gauge.boundary(shown, index)
        _slot(index)
    place = st.container()
    _free_slots(last + 1)
    with place:
        context_gauge.boundary(shown, last)
        _slot(last)


def _earlier(shown: state.View) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(t("Show earlier messages"), key="earlier", type="tertiary"):
            shown.first = max(0, (shown.first or 0) - _SHOWN)
            st.rerun()


def _free_slots(first: int) -> None:
    """Places for exchanges to come; the last of them opens more, below itself, once it is used."""
    for index in range(first, first + _FREE_SLOTS):
        _slot(index, opens=index == first + _FREE_SLOTS - 1)


def _slot(index: int, opens: bool = False) -> None:
    st.fragment(_exchange, key=f"exchange-{index}")(index, opens)


def _exchange(index: int, opens: bool) -> None:
    if opens and index < len(state.current().exchanges):
        place = st.container()
        _free_slots(index + 1)
        with place:
            exchange.draw(index)
    else:
        exchange.draw(index)


def _typed() -> None:
    shown = state.current()
    if draft := _draft(shown, st.session_state.prompt):
        _submit(draft)


def _draft(shown: state.View, typed: str | ChatInputValue) -> Draft | None:
    """The prompt with its files; None if some cannot be read, which is said and costs nothing."""
    text = typed if isinstance(typed, str) else typed.text
    files, shown.held = shown.held, []
    refusals = []
    for file in () if isinstance(typed, str) else typed.files:
        try:
            files.append(_read(file.name, file.getvalue()))
        except errors.ChatError as error:
            refusals.append(error)
    draft = Draft(text, files)
    if not refusals:
        return draft
    shown.trouble = errors.join_refusals(refusals)
    _give_back(shown, draft)
    return None


def _read(name: str, data: bytes) -> Attachment:
    return reader.read(name, data, services.current().settings.max_file_mb * 1_000_000)


def _submit(draft: Draft) -> None:
    """Sends a draft, then draws what it changed and nothing else; now and then the whole page."""
    shown = state.current()
    changed = _send(shown, draft)
    if changed and len(shown.exchanges) - shown.drawn_flat < _NESTED:
        st.rerun([f"exchange-{index}" for index in changed])
    if changed:
        shown.first = None
    shown.taken = True


def _send(shown: state.View, draft: Draft) -> list[int]:
    """Sends the prompt; on a refusal it goes back into the input and the reason is shown.

    Returns the exchanges to draw, none when the whole page is to be drawn.
    """
    was_clear = shown.trouble is None
    shown.trouble = None
    try:
        changed = exchange.send(shown, draft)
    except errors.ChatError as error:
        shown.trouble = error
        _give_back(shown, draft)
        return []
    return changed if was_clear else []


def _give_back(shown: state.View, draft: Draft) -> None:
    st.session_state.prompt = draft.prompt
    shown.held = [*draft.files, *shown.held]
