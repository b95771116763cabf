"""Dialogs about one exchange: edit its prompt, copy its answer."""

from __future__ import annotations

import streamlit as st

from chatbot import errors
from chatbot.chat.conversation_content import Draft
from chatbot.page.composer import send_draft
from chatbot.page.i18n import describe, t
from chatbot.page.state import PageState


def draw_dialog(state: PageState) -> None:
    """Open the dialog that was asked for, if any."""
    if (dialog := state.take_dialog()) is None:
        return
    kind, index = dialog
    if index < len(state.exchanges):
        {"edit": _open_edit_dialog, "copy": _open_copy_dialog}[kind](state, index)


def _open_edit_dialog(state: PageState, index: int) -> None:
    @st.dialog(t("Edit the prompt"), width="medium")
    def draw_content() -> None:
        exchange = state.exchanges[index]
        st.caption(t("The conversation goes on from here; what followed stays reachable."))
        text = st.text_area(t("Prompt"), exchange.prompt.content, height=200, key="edited")
        if st.button(t("Send"), type="primary", key="send-edited"):
            _resend_prompt(state, index, text)

    draw_content()


def _resend_prompt(state: PageState, index: int, text: str) -> None:
    question = state.exchanges[index].prompt
    draft = Draft(text, state.files.get(question.id, ()), instead_of=question.id)
    try:
        send_draft(state, draft, index)
    except errors.ChatError as error:
        st.error(describe(error))
    else:
        state.clear_error()
        st.rerun()


def _open_copy_dialog(state: PageState, index: int) -> None:
    @st.dialog(t("Copy as Markdown"), width="large")
    def draw_content() -> None:
        answer = state.exchanges[index].answer
        st.code(answer.content if answer else "", "markdown", wrap_lines=True, height=400)

    draw_content()
