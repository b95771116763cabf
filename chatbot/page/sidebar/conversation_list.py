"""The visitor's conversations in the sidebar: listed, searched, opened, and deletions undone.

Nothing here is a fragment: Streamlit lets a fragment wait for the script that follows an answer,
and another conversation must open at once.
"""

from __future__ import annotations

import streamlit as st

from chatbot import errors, services
from chatbot.domain.conversation import Conversation, Deletion
from chatbot.history import Hit
from chatbot.page.i18n import t, told
from chatbot.page.markdown import literal
from chatbot.page.sidebar import conversation_menu
from chatbot.page.state import View

_STEP = 50  # conversations listed at first, and more with each "Show more"

STYLE = """
.st-key-conversations button { justify-content: flex-start; min-height: 2.25rem }
.st-key-conversations button > div { justify-content: flex-start; text-align: start; min-width: 0 }
.st-key-conversations [data-testid=stMarkdown] { margin: -0.5rem 0 0.25rem; opacity: 0.8 }
.st-key-shown-row { flex-wrap: nowrap }
.st-key-shown-row > :first-child { min-width: 0 }
[class*=st-key-menu-] p { position: absolute; clip-path: inset(50%) }
"""


def draw(shown: View) -> None:
    """Draws the search and the conversations that are wanted."""
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
        query = st.text_input(
            t("Search conversations"),
            key="search",
            type="search",
            icon=":material/search:",
            placeholder=t("Search conversations"),
            label_visibility="collapsed",
        )
        conversation_menu.of_all(shown)
    try:
        _undo(shown)
        with st.container(key="conversations", gap="xxsmall"):
            _hits(shown, query) if query and query.strip() else _list(shown)
    except errors.ChatError as error:
        st.error(told(error.sentence))


def _list(shown: View) -> None:
    most = st.session_state.get("listed", _STEP)
    found = services.current().chat.list_conversations(shown.user_id, most + 1)
    for one in found[:most]:
        _entry(shown, one)
    if len(found) > most:
        st.button(t("Show more"), key="more", type="tertiary", on_click=_show_more, args=(most,))


def _show_more(most: int) -> None:
    st.session_state.listed = most + _STEP


def _hits(shown: View, query: str) -> None:
    found = services.current().chat.search_conversations(shown.user_id, query)
    if not found:
        st.caption(t("No conversation has these words."))
    for hit in found:
        _entry(shown, hit.conversation)
        if hit.excerpt:
            st.markdown(f":small[{_marked(hit)}]")


def _marked(hit: Hit) -> str:
    parts = ((literal(text), is_hit) for text, is_hit in hit.excerpt)
    return "".join(f":orange-background[{text}]" if is_hit else text for text, is_hit in parts)


def _entry(shown: View, one: Conversation) -> None:
    if one.id != shown.conversation_id:
        _title(shown, one, "tertiary")
        return
    with st.container(key="shown-row", horizontal=True, gap="xxsmall", vertical_alignment="center"):
        _title(shown, one, "secondary")
        conversation_menu.of_one(shown, one)


def _title(shown: View, one: Conversation, kind: str) -> None:
    st.button(
        literal(one.title),
        key=f"open-{one.id}",
        icon=":material/keep:" if one.pinned else None,
        type=kind,  # type: ignore[arg-type]
        width="stretch",
        wrap=False,
        on_click=shown.open,
        args=(one.id,),
    )


def _undo(shown: View) -> None:
    deletion = services.current().chat.find_last_deletion(shown.user_id)
    if deletion is None:
        return
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
        st.caption(
            t("“{title}” was deleted.", title=literal(deletion.title))
            if deletion.count == 1
            else t("{count} conversations were deleted.", count=deletion.count)
        )
        st.button(
            t("Undo"),
            key="undo",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undelete,
            args=(shown, deletion),
        )


def _undelete(shown: View, deletion: Deletion) -> None:
    try:
        back = services.current().chat.undo_deletion(shown.user_id, deletion)
    except errors.ChatError as error:
        shown.trouble = error
        return
    if not back:
        shown.trouble = errors.ChatError("undo_too_late")
    elif len(back) == 1:
        shown.open(back[0])
