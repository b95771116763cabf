"""When Streamlit stops a session's script: whether a person wanted it, and what is drawn then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatbot import services
from chatbot.answers import Answer


def on_stop(answer: Answer) -> Callable[[], object]:
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
            services.current().answers.stop(answer)
            _draw_after(answer, runtime, session_id)

    # The event loop takes a connection off in one go, so that there it is either here or gone.
    return lambda: services.current().loop.call_soon_threadsafe(end)


def _draw_after(answer: Answer, runtime: Runtime, session_id: str) -> None:
    """Draws a session anew when `answer` is over; Streamlit has no call for it."""

    def draw() -> None:
        answer.over.wait()
        session = runtime._session_mgr.get_active_session_info(session_id)
        if session is not None:
            loop: asyncio.AbstractEventLoop = runtime._get_async_objs().eventloop
            loop.call_soon_threadsafe(session.session.request_rerun, None)

    threading.Thread(target=draw, daemon=True).start()
