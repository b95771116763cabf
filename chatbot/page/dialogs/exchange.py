"""Dialogs about one exchange: edit its prompt, copy its answer."""

from __future__ import annotations

import streamlit as st

from chatbot import errors
from chatbot.chat.conversation_content import Draft
from chatbot.page import state
from chatbot.page.chat import exchange
from chatbot.page.i18n import t, told


def draw(shown: state.View) -> None:
    """Opens the dialog that was asked for, if any."""
    if shown.dialog is None:
        return
    (kind, index), shown.dialog = shown.dialog, None
    if index < len(shown.exchanges):
        {"edit": _edit, "copy": _copy}[kind](shown, index)


def _edit(shown: state.View, index: int) -> None:
    @st.dialog(t("Edit the prompt"), width="medium")
    def dialog() -> None:
        one = shown.exchanges[index]
        st.caption(t("The conversation goes on from here; what followed stays reachable."))
        text = st.text_area(t("Prompt"), one.prompt.content, height=200, key="edited")
        if st.button(t("Send"), type="primary", key="send-edited"):
            _resend(shown, index, text)

    dialog()


def _resend(shown: state.View, index: int, text: str) -> None:
    question = shown.exchanges[index].prompt
    draft = Draft(text, shown.files.get(question.id, ()), instead_of=question.id)
    try:
        exchange.send(shown, draft, index)
    except errors.ChatError as error:
        st.error(told(error.sentence))
    else:
        shown.trouble = None
        st.rerun()


def _copy(shown: state.View, index: int) -> None:
    @st.dialog(t("Copy as Markdown"), width="large")
    def dialog() -> None:
        answer = shown.exchanges[index].answer
        st.code(answer.content if answer else "", "markdown", wrap_lines=True, height=400)

    dialog()
