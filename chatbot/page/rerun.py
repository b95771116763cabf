"""When Streamlit stops a session's script: whether a person wanted it, and what is drawn then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import streamlit as st
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.scriptrunner import RerunData, ScriptRunContext, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from chatbot import services
from chatbot.chat.generation import Generation


def on_stop(generation: Generation) -> Callable[[], object]:
    """Returns what a script that follows `answer` calls when it is stopped.

    That ends the answer and draws the session anew to show it, unless it was a lost connection that
    stopped the script: then the answer goes on for the page to come back to.
    """
    context = get_script_run_ctx()
    if context is None:
        return lambda: None
    runtime, session_id = get_instance(), context.session_id
    connection = runtime.get_client(session_id)

    def end() -> None:
        # A page that was cut off may be back by now, by another connection.
        if connection is not None and runtime.get_client(session_id) is connection:
            services.current().generations.stop(generation)
            _draw_after(generation, runtime, session_id)

    # The event loop takes a connection off in one go, so that there it is either here or gone.
    return lambda: services.current().loop.call_soon_threadsafe(end)


def _draw_after(generation: Generation, runtime: Runtime, session_id: str) -> None:
    """Draws a session anew when `answer` is over; Streamlit has no call for it."""

    def draw() -> None:
        generation.over.wait()
        session = runtime._session_mgr.get_active_session_info(session_id)
        if session is not None:
            loop: asyncio.AbstractEventLoop = runtime._get_async_objs().eventloop
            loop.call_soon_threadsafe(session.session.request_rerun, None)

    threading.Thread(target=draw, daemon=True).start()


def is_of_whole_page() -> bool:
    """Whether this run draws the whole page, not a part of it."""
    context = get_script_run_ctx()
    return context is not None and not context.fragment_ids_this_run


def this_part_next() -> None:
    """Has the fragment that is being drawn drawn again, once this run has ended."""
    context, fragment_id = get_script_run_ctx(), ThreadState.get().fragment_id
    if context and context.script_requests and fragment_id:
        context.script_requests.request_rerun(_of_fragment(context, fragment_id))


def let_others_go_first() -> None:
    """Ends this run if another part of the page was asked for; this one is drawn again after it.

    Streamlit lets a fragment wait for the end of the run under way, which may follow an answer.
    """
    context, fragment_id = get_script_run_ctx(), ThreadState.get().fragment_id
    requests = context.script_requests if context else None
    if context and requests and fragment_id and requests._state is ScriptRequestType.RERUN:
        # One of the whole page draws this part too, and would lose its address to a second request.
        # With a part, which waited, this one goes at once.
        if requests._rerun_data.fragment_id_queue:
            own = replace(_of_fragment(context, fragment_id), is_fragment_scoped_rerun=True)
            requests.request_rerun(own)
        st.empty()  # here Streamlit looks for what was asked, and raises


def _of_fragment(context: ScriptRunContext, fragment_id: str) -> RerunData:
    return RerunData(
        query_string=context.query_string,
        page_script_hash=context.page_script_hash,
        fragment_id_queue=[fragment_id],
        cached_message_hashes=context.cached_message_hashes,
        context_info=context.context_info,
    )
