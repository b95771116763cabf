"""What a person does in the transcript: the browser sends it as one act, which is done here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st
from pydantic import BaseModel, Field

from chatbot.chat.conversation_content import Draft
from chatbot.llm.model_names import LONGEST_NAME
from chatbot.page import account, composer
from chatbot.page.dialogs import models
from chatbot.page.state import PageState

Name = Literal[
    "send",
    "again",
    "continue",
    "edit",
    "show",
    "delete",
    "raise",
    "summarize",
    "pull",
    "use",
    "models",
    "refresh",
]


class Act(BaseModel):
    """One act, with what its kind needs."""

    act: Name
    message: str = ""  # an id
    text: str = ""
    model: str = Field(default="", max_length=LONGEST_NAME)
    num_ctx: int = 0


def run_act(state: PageState, act: Act | None) -> None:
    """Do what the browser tells; draw the transcript, and the whole page where more has changed.

    None stands for what the transcript never sends, and does nothing.
    """
    account.require_user(state)
    if act is None:
        return
    if act.act == "send":
        composer.submit_prompt(state, act.text)
        return
    has_error_changed = state.attempt_anew(lambda: _ACTS[act.act](state, act))
    if has_error_changed or act.act in _OF_THE_WHOLE_PAGE:
        st.rerun()


def _answer_again(state: PageState, act: Act) -> None:
    if state.conversation_id is not None:
        exchange = state.services.chat.answer_again(
            state.user_id,
            state.conversation_id,
            act.message,
            state.model,
            state.is_watched,
            address=state.user.address,
        )
        state.start_answer(exchange)


def _continue_answer(state: PageState, act: Act) -> None:
    if state.conversation_id is not None:
        exchange = state.services.chat.continue_answer(
            state.user_id,
            state.conversation_id,
            act.message,
            state.is_watched,
            address=state.user.address,
        )
        state.start_answer(exchange)


def _delete_exchange(state: PageState, act: Act) -> None:
    if state.conversation_id is not None:
        chat = state.services.chat
        if chat.delete_exchange(state.user_id, state.conversation_id, act.message):
            state.expect_changes()
        else:
            state.open_conversation(None)


def _edit_prompt(state: PageState, act: Act) -> None:
    if state.conversation_id is not None:
        composer.send_draft(state, Draft(act.text, instead_of=act.message))


def _show_version(state: PageState, act: Act) -> None:
    if state.conversation_id is not None:
        state.services.chat.show_version(state.user_id, state.conversation_id, act.message)
        state.expect_changes()


def _start_pull(state: PageState, act: Act) -> None:
    state.services.models.pulls.start_pull(state.user_id, act.model)
    st.session_state[models.PULLED] = act.model
    state.open_dialog("models")  # which shows how it goes


_ACTS: dict[str, Callable[[PageState, Act], None]] = {
    "again": _answer_again,
    "continue": _continue_answer,
    "edit": _edit_prompt,
    "show": _show_version,
    "delete": _delete_exchange,
    "raise": lambda state, act: state.raise_window(act.num_ctx),
    "summarize": lambda state, act: state.summarize_conversation(act.model),
    "pull": _start_pull,
    "use": lambda state, act: state.choose_model(act.model),
    "models": lambda state, _: state.open_dialog("models"),
    "refresh": lambda state, _: state.reload_conversation(),
}
_OF_THE_WHOLE_PAGE = ("delete", "pull", "use", "models", "refresh")
