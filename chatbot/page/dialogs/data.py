"""The dialog about all conversations together: import, export, delete."""

from __future__ import annotations

import streamlit as st

from chatbot import errors, transfer
from chatbot.identity.links import make_export_link
from chatbot.notices import Notice
from chatbot.page.i18n import describe, escape_line, t, t_n
from chatbot.page.state import PageState

_NAMED = 5  # conversations that a sentence names at most


def open_dialog(state: PageState) -> None:
    """Open the dialog."""

    @st.dialog(t("All conversations"), width="medium", on_dismiss=_forget_outcome)
    def draw_dialog() -> None:
        _draw_import(state)
        _draw_exports(state)
        _draw_retention(state.services.settings.retention_days)
        _draw_delete_all(state)

    draw_dialog()


def _forget_outcome() -> None:
    for name in ("import_refused", "import_losses", "deleting_all"):
        st.session_state.pop(name, None)


def tell_import() -> None:
    """Say how many conversations have just been imported, of which the first one is open."""
    if count := st.session_state.pop("imported", 0):
        st.toast(t("Conversations imported: {count}", count=count), icon=":material/check:")


def _draw_import(state: PageState) -> None:
    st.file_uploader(
        t("Import a JSON file of this chat, Open WebUI or Hollama"),
        type=["json", "jsonl"],
        key=transfer.UPLOADER,
        max_upload_size=transfer.MOST_BYTES // 1_000_000,  # Streamlit's MB are 5 % larger
        on_change=_import_file,
        args=(state,),
    )
    if refused := st.session_state.get("import_refused"):
        st.error(describe(refused))
    if losses := st.session_state.get("import_losses"):
        if count := st.session_state.pop("imported", 0):
            st.success(t("Conversations imported: {count}", count=count))
        _draw_losses(losses)
    elif st.session_state.get("imported"):
        st.rerun()  # the whole page, without the dialog


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
    """Import what is sound of the file that was chosen, and open the first of it."""
    st.session_state.import_refused, st.session_state.import_losses = None, []
    if (file := st.session_state[transfer.UPLOADER]) is None:
        return
    try:
        data = file.getvalue()
        state.services.shares.take_file(state.asker, len(data))
        reading = transfer.read(data)
        new = state.services.chat.import_conversations(state.user_id, reading.archives)
    except errors.ChatError as error:
        st.session_state.import_refused = error
        return
    st.session_state.imported = len(new)
    st.session_state.import_losses = reading.losses
    state.open_conversation(new[0])


def _draw_exports(state: PageState) -> None:
    """Two links, each to a file that is made when it is asked for."""
    st.markdown(t("Export all conversations"))
    credential = state.services.users.make_credential(state.user)
    with st.container(horizontal=True):
        for label, ending in ((t("as Markdown"), "md"), (t("as JSON"), "json")):
            address = make_export_link(None, ending, credential)
            st.link_button(label, address, icon=":material/download:")


def _draw_retention(days: int | None) -> None:
    if days is not None:
        st.caption(
            t_n(
                "A conversation is deleted {count} day after its last message, even if pinned.",
                "A conversation is deleted {count} days after its last message, even if pinned.",
                days,
            )
        )


def _draw_delete_all(state: PageState) -> None:
    """Two steps; the second one tells that there is a way back."""
    if not st.session_state.get("deleting_all"):
        st.button(
            t("Delete all…"),
            key="delete-all",
            icon=":material/delete_sweep:",
            on_click=_set_confirmation,
            args=(True,),
        )
        return
    st.warning(t("Delete all conversations? They can be had back for five minutes."))
    with st.container(horizontal=True):
        if st.button(t("Delete all"), key="delete-all-now", type="primary"):
            _delete_all(state)
        st.button(t("Cancel"), key="delete-all-not", on_click=_set_confirmation, args=(False,))


def _set_confirmation(whether: bool) -> None:
    st.session_state.deleting_all = whether


def _delete_all(state: PageState) -> None:
    state.stop_answer()
    if state.attempt(lambda: state.services.chat.delete_all_conversations(state.user_id)):
        state.open_conversation(None)
    st.rerun()
