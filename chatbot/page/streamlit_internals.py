"""What the page uses of Streamlit beyond its documented calls, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/page/test_streamlit_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

from collections.abc import Callable

from streamlit.components.v2.bidi_component import serialization
from streamlit.elements.widgets.chat import ChatInputValue
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

__all__ = [
    "ChatInputValue",
    "follows_browser_history",
    "redirect_browser",
    "send_data_as_json",
    "track_tab",
]


def send_data_as_json() -> None:
    """Let components send their data as it stands: a look for tables in it imports pandas."""
    vars(serialization)["is_dataframe_like"] = lambda value: False


def track_tab() -> Callable[[], bool]:
    """Return a call that says whether the tab drawn by this run is connected; of any thread."""
    context = get_script_run_ctx()
    if context is None:
        return lambda: True
    session_id, runtime = context.session_id, get_instance()
    return lambda: runtime.is_active_session(session_id)


def follows_browser_history() -> bool:
    """Return whether Back or Forward in the browser has caused this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def redirect_browser(address: str) -> None:
    """Send the browser to `address`, as st.logout does; Streamlit has no call for it."""
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = address
        context.enqueue(message)
