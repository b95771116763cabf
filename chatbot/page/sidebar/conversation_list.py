"""The user's conversations and the page's tools: drawn in the browser by frontend/src/sidebar."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import streamlit as st

from chatbot import errors
from chatbot.domain.conversation import Conversation
from chatbot.history import Hit
from chatbot.page import account
from chatbot.page.components import declare_component, read_act
from chatbot.page.i18n import say, t
from chatbot.page.sidebar import acts
from chatbot.page.sidebar.excerpts import strip_marks
from chatbot.page.sidebar.periods import name_period
from chatbot.page.state import PageState

_LOOK_S = 2.0  # how often it is looked whether an answer of another conversation is over

_mount = declare_component("chat_sidebar", "mountSidebar")


@dataclass(frozen=True)
class Row:
    """One conversation of the list; `excerpt` is in parts: (text, whether it was looked for)."""

    id: str
    title: str
    pinned: bool
    busy: bool  # an answer of it is being written
    period: str = ""  # the heading below which it stands
    excerpt: list[tuple[str, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class SidebarContent:
    """What the browser is told; frontend/src/sidebar/types.ts has the same."""

    open: str | None
    query: str
    visitor: str
    note: str  # what will not be there the next time
    user: str  # the name of who has signed in
    can_sign_out: bool
    can_start_anew: bool = False  # by giving up a cookie that the chat does not know
    rows: list[Row] = field(default_factory=list)
    has_more: bool = False
    deleted: str = ""  # what was deleted last and can be had back, in words
    error: str = ""

    @property
    def is_busy_elsewhere(self) -> bool:
        """Return whether a conversation that is not open has an answer under way."""
        return any(row.busy and row.id != self.open for row in self.rows)


def draw_conversations(state: PageState) -> None:
    """Draw the list; while another conversation's answer is written, look again by itself."""
    content = read_content(state)
    is_watching = content.is_busy_elsewhere
    every = _LOOK_S if is_watching else None
    st.fragment(_draw_list, key=acts.KEY, run_every=every)(state, [content], is_watching)


def _draw_list(state: PageState, fresh: list[SidebarContent], is_watching: bool) -> None:
    """Draw what was just read, in the whole page's run; read it in a run of the list alone."""
    account.require_user(state)
    content = fresh.pop() if fresh else read_content(state)
    if is_watching and not content.is_busy_elsewhere:
        st.rerun()
    _mount(
        key=acts.KEY,
        data=asdict(content),
        on_act_change=lambda: acts.run_act(state, read_act(acts.KEY, acts.Act)),
    )


def read_content(state: PageState) -> SidebarContent:
    """Return what the sidebar shows; of a history that cannot be read only why."""
    content = SidebarContent(
        open=state.conversation_id,
        query=state.query,
        visitor=state.services.users.make_credential(state.user),
        note=_describe_loss(state),
        user=state.user.name,
        can_sign_out=account.can_sign_out(state),
        can_start_anew=state.user.has_foreign_cookie,
    )
    try:
        rows = _find_hits(state) if state.query.strip() else _list_newest(state)
        return replace(
            content,
            rows=rows[: state.listed],
            has_more=len(rows) > state.listed,
            deleted=_describe_deletion(state),
        )
    except errors.ChatError as error:
        return replace(content, error=say(error))


def _list_newest(state: PageState) -> list[Row]:
    conversations = state.services.chat.list_conversations(state.user_id, state.listed + 1)
    return [_make_row(state, conversation) for conversation in conversations]


def _find_hits(state: PageState) -> list[Row]:
    state.services.shares.take_search(state.asker)
    hits = state.services.chat.search_conversations(state.user_id, state.query)
    return [_make_hit(state, hit) for hit in hits]


def _make_row(state: PageState, conversation: Conversation) -> Row:
    writing = state.services.chat.find_generation(conversation.head_id or "")
    return Row(
        id=conversation.id,
        title=conversation.title,
        pinned=conversation.pinned,
        busy=writing is not None,
        period=name_period(conversation),
    )


def _make_hit(state: PageState, hit: Hit) -> Row:
    return replace(_make_row(state, hit.conversation), period="", excerpt=strip_marks(hit.excerpt))


def _describe_deletion(state: PageState) -> str:
    deletion = state.services.chat.find_last_deletion(state.user_id)
    if deletion is None:
        return ""
    if deletion.count == 1:
        return t("“{title}” was deleted.", title=deletion.title)
    return t("{count} conversations were deleted.", count=deletion.count)


def _describe_loss(state: PageState) -> str:
    """Return what will not be there the next time, if anything."""
    settings = state.services.settings
    if state.user.has_foreign_cookie:
        return t(
            "This chat does not know your browser's cookie: perhaps COOKIE_SECRET has changed. "
            "Until that is cured, this history ends with the tab. If you start anew, it lasts, and "
            "your earlier conversations are lost."
        )
    if not state.user.lasting:
        return t("Your browser keeps no cookies, so this history ends with the tab.")
    if settings.has_replicas and not settings.database_url:
        return t("This history lives in one replica of the chat and ends with it.")
    if not settings.data_lasts and not settings.database_url:
        return t(
            "The history and pulled models end with this container. "
            "Start it with `-v chat:/data` to keep them."
        )
    return ""
