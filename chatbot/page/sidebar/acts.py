"""What a person does in the sidebar: the browser sends it as one act, which is done here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st
from pydantic import BaseModel

from chatbot import errors
from chatbot.page import account
from chatbot.page.state import PageState

KEY = "conversations"  # of the component, and of the fragment that draws it

Name = Literal[
    "open",
    "search",
    "more",
    "rename",
    "pin",
    "delete",
    "undo",
    "settings",
    "models",
    "data",
    "help",
    "sign_out",
]


class Act(BaseModel):
    """One act, with what its kind needs."""

    act: Name
    conversation: str = ""  # an id
    text: str = ""
    pinned: bool = False


def run_act(state: PageState, act: Act | None) -> None:
    """Do what the browser tells; draw the list, and the whole page where more has changed.

    None stands for what the sidebar never sends, and does nothing.
    """
    account.require_user(state)
    if act is None:
        return
    has_error_changed = state.attempt_anew(lambda: _ACTS[act.act](state, act))
    if has_error_changed or act.act not in _OF_THE_LIST:
        st.rerun()


def _open(state: PageState, act: Act) -> None:
    state.open_conversation(act.conversation)


def _rename(state: PageState, act: Act) -> None:
    if title := " ".join(act.text.split()):
        state.services.chat.rename_conversation(state.user_id, act.conversation, title)


def _pin(state: PageState, act: Act) -> None:
    state.services.chat.pin_conversation(state.user_id, act.conversation, act.pinned)


def _delete(state: PageState, act: Act) -> None:
    is_open = act.conversation == state.conversation_id
    if is_open:
        state.stop_answer()
    state.services.chat.delete_conversation(state.user_id, act.conversation)
    if is_open:
        state.open_conversation(None)


def _undo(state: PageState, _: Act) -> None:
    deletion = state.services.chat.find_last_deletion(state.user_id)
    back = state.services.chat.undo_deletion(state.user_id, deletion) if deletion else []
    if not back:
        raise errors.ChatError("undo_too_late")
    if len(back) == 1:
        state.open_conversation(back[0])


_ACTS: dict[str, Callable[[PageState, Act], None]] = {
    "open": _open,
    "search": lambda state, act: state.search(act.text),
    "more": lambda state, _: state.list_more(),
    "rename": _rename,
    "pin": _pin,
    "delete": _delete,
    "undo": _undo,
    "settings": lambda state, _: state.open_dialog("settings"),
    "models": lambda state, _: state.open_dialog("models"),
    "data": lambda state, _: state.open_dialog("data"),
    "help": lambda state, _: state.open_dialog("help"),
    "sign_out": lambda state, _: account.sign_out(state),
}
_OF_THE_LIST = ("search", "more", "pin")
