"""Drawing a session once more after its script was stopped: Streamlit has no call for it."""

from __future__ import annotations

import asyncio
import threading

from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatbot.answers import Answer


def soon(answer: Answer) -> None:
    """Draws this session anew when `answer` is over, so that a stopped one shows its ending."""
    context = get_script_run_ctx()
    if context is None:
        return
    runtime, session_id = get_instance(), context.session_id

    def draw() -> None:
        answer.over.wait()
        session = runtime._session_mgr.get_active_session_info(session_id)
        if session is not None:
            loop: asyncio.AbstractEventLoop = runtime._get_async_objs().eventloop
            loop.call_soon_threadsafe(session.session.request_rerun, None)

    threading.Thread(target=draw, daemon=True).start()
