"""What the page uses of Streamlit beyond its documented calls, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/page/test_streamlit_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.elements.lib.mutable_status_container import StatusContainer
from streamlit.elements.widgets.chat import ChatInputValue
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.scriptrunner import (
    RerunData,
    ScriptRunContext,
    StopException,
    get_script_run_ctx,
)
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.session_manager import SessionClient

__all__ = [
    "ChatInputValue",
    "Connection",
    "StatusContainer",
    "StopException",
    "draws_whole_page",
    "follows_browser_history",
    "redirect_browser",
    "rerun_this_fragment",
    "track_tab",
    "yield_to_other_runs",
]


@dataclass(frozen=True)
class Connection:
    """The WebSocket that a tab had when a script run asked for it; a tab may get another one."""

    runtime: Runtime
    session_id: str
    client: SessionClient | None

    @classmethod
    def of_this_run(cls) -> Connection | None:
        """Return the connection of the tab that the current run draws; None outside a run."""
        context = get_script_run_ctx()
        if context is None:
            return None
        runtime = get_instance()
        return cls(runtime, context.session_id, runtime.get_client(context.session_id))

    @property
    def is_open(self) -> bool:
        """Return whether the tab is still connected by this connection, not by a later one."""
        return self.client is not None and self.runtime.get_client(self.session_id) is self.client

    def rerun_tab(self) -> None:
        """Draw the tab anew, by whichever connection it has now; callable from any thread."""
        session = self.runtime._session_mgr.get_active_session_info(self.session_id)
        if session is not None:
            loop: asyncio.AbstractEventLoop = self.runtime._get_async_objs().eventloop
            loop.call_soon_threadsafe(session.session.request_rerun, None)


def track_tab() -> Callable[[], bool]:
    """Return a call that says whether the tab drawn by this run is connected; of any thread."""
    context = get_script_run_ctx()
    if context is None:
        return lambda: True
    session_id, runtime = context.session_id, get_instance()
    return lambda: runtime.is_active_session(session_id)


def draws_whole_page() -> bool:
    """Return whether this run draws the whole page, not a fragment of it."""
    context = get_script_run_ctx()
    return context is not None and not context.fragment_ids_this_run


def follows_browser_history() -> bool:
    """Return whether Back or Forward in the browser has caused this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def rerun_this_fragment() -> None:
    """Have the fragment that is being drawn drawn again, once this run has ended."""
    context, fragment_id = get_script_run_ctx(), ThreadState.get().fragment_id
    if context and context.script_requests and fragment_id:
        context.script_requests.request_rerun(_fragment_rerun(context, fragment_id))


def yield_to_other_runs() -> None:
    """End this run if another part of the page was asked for; draw this part again after it.

    Streamlit lets a fragment wait for the end of the run under way, which may follow an answer.
    """
    context, fragment_id = get_script_run_ctx(), ThreadState.get().fragment_id
    requests = context.script_requests if context else None
    if context and requests and fragment_id and requests._state is ScriptRequestType.RERUN:
        # A run of the whole page draws this part too, and would lose its address to a second
        # request. With a run of another fragment, which waited, this one goes at once.
        if requests._rerun_data.fragment_id_queue:
            rerun = _fragment_rerun(context, fragment_id)
            requests.request_rerun(replace(rerun, is_fragment_scoped_rerun=True))
        st.empty()  # here Streamlit looks for what was asked, and raises StopException


def _fragment_rerun(context: ScriptRunContext, fragment_id: str) -> RerunData:
    return RerunData(
        query_string=context.query_string,
        page_script_hash=context.page_script_hash,
        fragment_id_queue=[fragment_id],
        cached_message_hashes=context.cached_message_hashes,
        context_info=context.context_info,
    )


def redirect_browser(address: str) -> None:
    """Send the browser to `address`, as st.logout does; Streamlit has no call for it."""
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = address
        context.enqueue(message)
