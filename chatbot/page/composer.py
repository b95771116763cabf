"""What stands at the page's bottom: the input, the files that go with it, and how it is sent."""

from __future__ import annotations

import streamlit as st

from chatbot import errors
from chatbot.attachments import reader
from chatbot.chat.conversation_content import Draft
from chatbot.domain.attachment import Attachment
from chatbot.page import account, status
from chatbot.page.chat import context_usage
from chatbot.page.chat.exchange import draw_chips
from chatbot.page.i18n import describe, t
from chatbot.page.state import PageState, exchange_key
from chatbot.page.streamlit_internals import ChatInputValue

# Exchanges until the page is drawn anew. Each place for exchanges lies in the one before, and
# Streamlit copies all that a fragment lies in at each of its runs.
_MAX_NESTED = 18


def draw_composer(state: PageState) -> None:
    """Draw what the chat waits for, what went wrong, the stop button and the input."""
    with st.bottom:
        status.draw_status(state.services)
        if state.error is not None:
            with st.container(key=f"error-{state.error.code}"):  # by which programs know it
                st.error(describe(state.error).replace("\n", "\n\n"))
        if state.held_files:
            _draw_held_files(state)
        # Streamlit's own stop button takes the end of the submission's run for the answer's end.
        # Its shortcuts take Esc also from what is open, so browser.js presses this one.
        with st.container(key="stopping", horizontal=True, horizontal_alignment="center"):
            st.button(
                t("Stop"),
                key="stop",
                icon=":material/stop_circle:",
                on_click=state.stop_answer,
            )
    prompt = st.chat_input(
        t("Ask anything"),
        key="prompt",
        # No max_chars: what is longer would not come in, without a word. Sending it says why.
        # Any kind, and images too for a model that cannot see: what is in a file decides, and what
        # cannot be taken is said when it is sent.
        accept_file="multiple",
        max_upload_size=state.services.settings.max_file_mb,
        on_submit=submit_typed,
        args=(state,),
    )
    is_first = state.note_input()
    if prompt is not None and is_first:
        # It came before this session had drawn its input, as after a restart: no callback then.
        state.keep_early_prompt(prompt)
        st.rerun()


def _draw_held_files(state: PageState) -> None:
    """Draw the files of a prompt that was refused, which go with the next one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_chips(state.held_files)
        st.button(t("Remove"), key="unhold", type="tertiary", on_click=state.drop_held_files)


def submit_typed(state: PageState) -> None:
    """Send what was typed, and draw it."""
    if draft := read_draft(state, st.session_state.prompt):
        submit_draft(state, draft)


def submit_draft(state: PageState, draft: Draft) -> None:
    """Send a draft, then draw what it changed and nothing else; now and then the whole page."""
    account.require_user(state)
    changed = try_to_send(state, draft)
    if changed and len(state.exchanges) - state.drawn_exchanges < _MAX_NESTED:
        st.rerun([exchange_key(index) for index in changed])
    state.expect_whole_page(newest=bool(changed))


def send_early_prompt(state: PageState) -> None:
    """Send what came before the tab had its input, if anything."""
    prompt = state.take_early_prompt()
    if prompt is not None and (draft := read_draft(state, prompt)):
        try_to_send(state, draft)


def read_draft(state: PageState, typed: str | ChatInputValue) -> Draft | None:
    """Return the prompt with its files; None if some cannot be read, which costs nothing."""
    text = typed if isinstance(typed, str) else typed.text
    files = state.take_held_files()
    refusals = []
    for file in () if isinstance(typed, str) else typed.files:
        try:
            files.append(_read_file(state, file.name, file.getvalue()))
        except errors.ChatError as error:
            refusals.append(error)
    if not refusals:
        return Draft(text, files)
    state.show_error(errors.join_refusals(refusals))
    state.hold_prompt(text, files)
    return None


def _read_file(state: PageState, name: str, data: bytes) -> Attachment:
    return reader.read(name, data, state.services.settings.max_file_mb * 1_000_000)


def try_to_send(state: PageState, draft: Draft) -> list[int]:
    """Send a draft; a refused one goes back into the input, and the reason is shown.

    Return the exchanges to draw, none when the whole page is to be drawn.
    """
    was_clear = state.error is None
    state.clear_error()
    try:
        changed = send_draft(state, draft)
    except errors.ChatError as error:
        state.show_error(error)
        state.hold_prompt(draft.prompt, draft.files)
        return []
    return changed if was_clear else []


def send_draft(state: PageState, draft: Draft, index: int | None = None) -> list[int]:
    """Store a prompt, start its answer and show both.

    With `index` it becomes a new version of that exchange's prompt. Return the exchanges that look
    different now, none when the whole page does. Raises what `ChatService.send_prompt` does.
    """
    state.stop_answer()
    above = state.content(index)
    exchange = state.services.chat.send_prompt(
        state.user_id, state.conversation_id, draft, state.model, state.is_watched, above
    )
    state.name_conversation(exchange.conversation.id)
    if index is not None or exchange.prompt.parent_id != above.last_id:
        state.reload_conversation()  # another version, or another tab has gone on with it
        return []
    state.start_exchange(exchange.prompt, exchange.answer, draft.files)
    last = len(state.exchanges) - 1
    if not last:
        return []  # in place of the greeting, and listed in the sidebar
    # One that was cut loses its button, and the usage goes below the new one.
    before = above.messages[-1]
    loses = before.state != "done" or context_usage.is_drawn(state, before)
    return [last - 1, last] if loses else [last]
