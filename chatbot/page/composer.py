"""What stands at the page's bottom: the input, the files that go with it, and how it is sent."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chatbot import errors
from chatbot.attachments import reader
from chatbot.chat.conversation_content import Draft
from chatbot.domain.attachment import Attachment
from chatbot.page import account, status
from chatbot.page.i18n import describe, escape_text, t
from chatbot.page.state import TRANSCRIPT, PageState
from chatbot.page.streamlit_internals import ChatInputValue


def draw_composer(state: PageState) -> None:
    """Draw what the chat waits for, what went wrong and the input."""
    with st.bottom:
        status.draw_status(state)
        if state.error is not None:
            with st.container(key=f"error-{state.error.code}"):  # by which programs know it
                st.error(describe(state.error).replace("\n", "\n\n"))
            if state.error.code == "images_not_seen":
                _draw_seeing_model(state)
        if state.held_files:
            _draw_held_files(state)
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


def _draw_seeing_model(state: PageState) -> None:
    """Draw the way to a model that can see the images, where one is here."""
    offered = state.services.models.offered
    if seeing := next((model.name for model in offered if "vision" in model.capabilities), None):
        label = t("Use {model}", model=escape_text(seeing))
        st.button(label, key="use-seeing", on_click=_use_model, args=(state, seeing))


def _use_model(state: PageState, model: str) -> None:
    state.clear_error()
    state.choose_model(model)


def _draw_held_files(state: PageState) -> None:
    """Draw the files of a prompt that was refused, which go with the next one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_chips(state.held_files)
        st.button(t("Remove"), key="unhold", type="tertiary", on_click=state.drop_held_files)


def _draw_chips(files: Sequence[Attachment]) -> None:
    """Show files by their names."""
    st.markdown(" ".join(map(_make_chip, files)))


def _make_chip(file: Attachment) -> str:
    size = t("{size:,.1f} kB", size=max(file.size / 1000, 0.1))
    return f":gray-badge[:material/description: {escape_text(file.name)} · {size}]"


def submit_typed(state: PageState) -> None:
    """Send what stands in the input."""
    submit_prompt(state, st.session_state.prompt)


def submit_prompt(state: PageState, typed: str | ChatInputValue) -> None:
    """Send a prompt, then draw the transcript alone; the whole page where more has changed."""
    account.require_user(state)
    is_settled = state.conversation is not None and state.error is None and not state.held_files
    draft = read_draft(state, typed)
    if draft and try_to_send(state, draft) and is_settled:
        st.rerun(TRANSCRIPT)


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
    state.services.shares.take_file(state.asker, len(data))
    return reader.read(name, data, state.services.settings.max_file_mb * 1_000_000)


def try_to_send(state: PageState, draft: Draft) -> bool:
    """Send a draft; a refused one goes back into the input, and the reason is shown."""
    state.clear_error()
    try:
        send_draft(state, draft)
    except errors.ChatError as error:
        state.show_error(error)
        state.hold_prompt(draft.prompt, draft.files)
        return False
    return True


def send_draft(state: PageState, draft: Draft) -> None:
    """Store a prompt and start its answer.

    Raises what `ChatService.send_prompt` does.
    """
    exchange = state.services.chat.send_prompt(
        state.user_id,
        state.conversation_id,
        draft,
        state.model,
        state.is_watched,
        state.settings,
        address=state.user.address,
    )
    state.start_exchange(exchange)
