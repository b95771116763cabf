"""The visitor's conversations in the sidebar: listed, searched, opened, and deletions undone.

Nothing here is a fragment: Streamlit lets a fragment wait for the script that follows an answer,
and another conversation must open at once.
"""

from __future__ import annotations

import streamlit as st

from chatbot import errors
from chatbot.domain.conversation import Conversation, Deletion
from chatbot.history import Hit
from chatbot.page.i18n import describe, escape_line, t
from chatbot.page.sidebar import conversation_menu
from chatbot.page.state import PageState

_STEP = 50  # conversations listed at first, and more with each "Show more"

STYLE = """
.st-key-conversations button { justify-content: flex-start; min-height: 2.25rem }
.st-key-conversations button > div { justify-content: flex-start; text-align: start; min-width: 0 }
.st-key-conversations [data-testid=stMarkdown] { margin: -0.5rem 0 0.25rem; opacity: 0.8 }
.st-key-shown-row { flex-wrap: nowrap }
.st-key-shown-row > :first-child { min-width: 0 }
[class*=st-key-menu-] p { position: absolute; clip-path: inset(50%) }
"""


def draw_conversations(state: PageState) -> None:
    """Draw the search and the conversations that are wanted."""
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
        query = st.text_input(
            t("Search conversations"),
            key="search",
            type="search",
            icon=":material/search:",
            placeholder=t("Search conversations"),
            label_visibility="collapsed",
        )
        conversation_menu.draw_collection_menu(state)
    try:
        _draw_undo(state)
        with st.container(key="conversations", gap="xxsmall"):
            _draw_hits(state, query) if query and query.strip() else _draw_newest(state)
    except errors.ChatError as error:
        st.error(describe(error))


def _draw_newest(state: PageState) -> None:
    most = st.session_state.get("listed", _STEP)
    conversations = state.services.chat.list_conversations(state.user_id, most + 1)
    for conversation in conversations[:most]:
        _draw_entry(state, conversation)
    if len(conversations) > most:
        st.button(t("Show more"), key="more", type="tertiary", on_click=_show_more, args=(most,))


def _show_more(most: int) -> None:
    st.session_state.listed = most + _STEP


def _draw_hits(state: PageState, query: str) -> None:
    hits = state.services.chat.search_conversations(state.user_id, query)
    if not hits:
        st.caption(t("No conversation has these words."))
    for hit in hits:
        _draw_entry(state, hit.conversation)
        if hit.excerpt:
            st.markdown(f":small[{_mark_excerpt(hit)}]")


def _mark_excerpt(hit: Hit) -> str:
    parts = ((escape_line(text), is_hit) for text, is_hit in hit.excerpt)
    return "".join(f":orange-background[{text}]" if is_hit else text for text, is_hit in parts)


def _draw_entry(state: PageState, conversation: Conversation) -> None:
    if conversation.id != state.conversation_id:
        _draw_title(state, conversation, "tertiary")
        return
    with st.container(key="shown-row", horizontal=True, gap="xxsmall", vertical_alignment="center"):
        _draw_title(state, conversation, "secondary")
        conversation_menu.draw_conversation_menu(state, conversation)


def _draw_title(state: PageState, conversation: Conversation, kind: str) -> None:
    st.button(
        escape_line(conversation.title),
        key=f"open-{conversation.id}",
        icon=":material/keep:" if conversation.pinned else None,
        type=kind,  # type: ignore[arg-type]
        width="stretch",
        wrap=False,
        on_click=state.open_conversation,
        args=(conversation.id,),
    )


def _draw_undo(state: PageState) -> None:
    deletion = state.services.chat.find_last_deletion(state.user_id)
    if deletion is None:
        return
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
        st.caption(
            t("“{title}” was deleted.", title=escape_line(deletion.title))
            if deletion.count == 1
            else t("{count} conversations were deleted.", count=deletion.count)
        )
        st.button(
            t("Undo"),
            key="undo",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undo_deletion,
            args=(state, deletion),
        )


def _undo_deletion(state: PageState, deletion: Deletion) -> None:
    try:
        back = state.services.chat.undo_deletion(state.user_id, deletion)
    except errors.ChatError as error:
        state.show_error(error)
        return
    if not back:
        state.show_error(errors.ChatError("undo_too_late"))
    elif len(back) == 1:
        state.open_conversation(back[0])
