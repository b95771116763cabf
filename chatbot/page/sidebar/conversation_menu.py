"""What can be done to the open conversation, and to all of them together."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot import errors, transfer
from chatbot.domain.conversation import Conversation
from chatbot.identity import links
from chatbot.notices import Notice
from chatbot.page.i18n import describe, escape_line, t
from chatbot.page.state import PageState

_NAMED = 5  # conversations that a sentence names at most


def draw_conversation_menu(state: PageState, conversation: Conversation) -> None:
    """Draw the menu of the open conversation."""
    with _draw_menu(t("Rename, pin, export, delete"), "more_horiz"):
        key = f"title-{conversation.id}"
        st.text_input(
            t("Title"),
            value=conversation.title,
            key=key,
            on_change=_rename_conversation,
            args=(state, conversation, key),
        )
        _draw_item(
            t("Unpin") if conversation.pinned else t("Pin"),
            f"pin-{conversation.id}",
            "keep_off" if conversation.pinned else "keep",
            lambda: _pin_conversation(state, conversation),
        )
        _draw_exports(state, conversation.id)
        _draw_item(
            t("Delete this conversation"),
            f"delete-{conversation.id}",
            "delete",
            lambda: _delete_conversation(state, conversation),
        )


def draw_collection_menu(state: PageState) -> None:
    """Draw the menu of all conversations."""
    with _draw_menu(t("All conversations"), "more_vert"):
        _draw_import(state)
        _draw_exports(state, None)
        _draw_delete_all(state)


def _draw_menu(label: str, icon: str) -> DeltaGenerator:
    """Return a popover whose label only a screen reader and a tooltip tell; see library.STYLE."""
    key = f"menu-{icon}"
    return st.popover(label, icon=f":material/{icon}:", type="tertiary", help=label, key=key)


def _draw_item(label: str, key: str, icon: str, act: Callable[[], None]) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", width="stretch", on_click=act)


def _draw_exports(state: PageState, conversation_id: str | None) -> None:
    """Two links, each to a file that is made when it is asked for."""
    credential = state.services.users.make_credential(state.user)
    for label, ending, icon in (
        (t("Export as Markdown"), "md", "markdown"),
        (t("Export as JSON"), "json", "data_object"),
    ):
        address = links.make_export_link(conversation_id, ending, credential)
        st.link_button(label, address, icon=f":material/{icon}:", width="stretch")


def _rename_conversation(state: PageState, conversation: Conversation, key: str) -> None:
    title = " ".join(str(st.session_state[key]).split())
    if title:
        state.attempt(
            lambda: state.services.chat.rename_conversation(state.user_id, conversation.id, title)
        )


def _pin_conversation(state: PageState, conversation: Conversation) -> None:
    chat = state.services.chat
    state.attempt(
        lambda: chat.pin_conversation(state.user_id, conversation.id, not conversation.pinned)
    )


def _delete_conversation(state: PageState, conversation: Conversation) -> None:
    state.stop_answer()
    if state.attempt(
        lambda: state.services.chat.delete_conversation(state.user_id, conversation.id)
    ):
        state.open_conversation(None)


def _draw_import(state: PageState) -> None:
    st.file_uploader(
        t("Import a JSON file of this chat, Open WebUI or Hollama"),
        type=["json", "jsonl"],
        key="import",
        max_upload_size=transfer.MOST_BYTES // 1_000_000,  # Streamlit's MB are 5 % larger
        on_change=_import_file,
        args=(state,),
    )
    if refused := st.session_state.get("import_refused"):
        st.error(describe(refused))
    if count := st.session_state.pop("imported", 0):
        st.toast(t("Conversations imported: {count}", count=count), icon=":material/check:")
    if losses := st.session_state.get("import_losses"):
        _draw_losses(losses)


def _draw_losses(losses: list[transfer.Loss]) -> None:
    """Say what was left out of an import, and of which conversations."""
    titles: dict[str, list[str]] = {}
    for loss in losses:
        name = escape_line(loss.title) if loss.title else t("line {number}", number=loss.line)
        titles.setdefault(loss.what, []).append(name)
    parts = [f"- {describe(Notice(what))} {_join_names(names)}" for what, names in titles.items()]
    st.warning("\n".join([t("These parts of the file were left out:"), "", *parts]))


def _join_names(names: list[str]) -> str:
    first = "; ".join(names[:_NAMED])
    more = len(names) - _NAMED
    if more <= 0:
        return first
    return t("{names} and {count} more", names=first, count=more)


def _import_file(state: PageState) -> None:
    """Import what is sound of the file that was chosen."""
    st.session_state.import_refused, st.session_state.import_losses = None, []
    if (file := st.session_state["import"]) is None:
        return
    try:
        reading = transfer.read(file.getvalue())
        new = state.services.chat.import_conversations(state.user_id, reading.archives)
    except errors.ChatError as error:
        st.session_state.import_refused = error
        return
    st.session_state.imported = len(new)
    st.session_state.import_losses = reading.losses
    if len(new) == 1:
        state.open_conversation(new[0])


def _draw_delete_all(state: PageState) -> None:
    """Two steps. Not a dialog: that is a fragment, which waits for the answer being written."""
    if not st.session_state.get("deleting_all"):
        _draw_item(t("Delete all…"), "delete-all", "delete_sweep", lambda: _set_confirmation(True))
        return
    st.warning(t("Delete all conversations? They can be had back for five minutes."))
    with st.container(horizontal=True):
        st.button(
            t("Delete all"),
            key="delete-all-now",
            type="primary",
            on_click=_delete_confirmed,
            args=(state,),
        )
        st.button(t("Cancel"), key="delete-all-not", on_click=_set_confirmation, args=(False,))


def _set_confirmation(whether: bool) -> None:
    st.session_state.deleting_all = whether


def _delete_confirmed(state: PageState) -> None:
    _set_confirmation(False)
    state.stop_answer()
    if state.attempt(lambda: state.services.chat.delete_all_conversations(state.user_id)):
        state.open_conversation(None)
