"""A sample page that does what the chat does with Streamlit's internals, and says what came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from chatbot.page import streamlit_internals
from chatbot.page.streamlit_internals import Connection

_LONGEST_S = 20.0  # that a fragment waits for another to be asked for

memory = st.session_state
memory.whole_runs = memory.get("whole_runs", 0) + 1


@st.cache_resource
def tabs() -> list[Callable[[], bool]]:
    """Return what tells of each tab that was ever opened whether it is open."""
    return []


def redraw() -> None:
    """Draw this tab anew from a thread of its own, as when an answer ends."""
    connection = Connection.of_this_run()
    assert connection is not None and connection.is_open
    threading.Thread(target=connection.rerun_tab).start()


@st.fragment
def draw_anew() -> None:
    """Draw a fragment whose button has the whole page drawn, by another thread."""
    st.button("Redraw", on_click=redraw)


@st.fragment
def count_twice() -> None:
    """Draw a fragment that draws itself once more whenever it is drawn by itself."""
    memory.count = memory.get("count", 0) + 1
    if not streamlit_internals.draws_whole_page() and memory.count % 2 == 0:
        streamlit_internals.rerun_this_fragment()
    st.button("Count", key="count-button")
    st.text(f"count {memory.count}")


@st.fragment
def follow() -> None:
    """Draw a fragment that goes on for long, unless another is asked for: that one comes first."""
    st.button("Follow", key="follow-button")
    if streamlit_internals.draws_whole_page() or memory.get("interrupted"):
        st.text("follows no more" if memory.get("interrupted") else "follows nothing")
        return
    st.text("follows")
    ends = time.monotonic() + _LONGEST_S
    while time.monotonic() < ends:
        streamlit_internals.yield_to_other_runs()
        time.sleep(0.01)


@st.fragment
def interrupt() -> None:
    """Draw a fragment whose button is pressed while the other one follows."""
    if st.button("Interrupt", key="interrupt-button"):
        memory.interrupted = True
        st.text("interrupted")


if memory.whole_runs == 1:
    tabs().append(streamlit_internals.track_tab())
st.text(f"{memory.whole_runs} whole runs, {sum(is_open() for is_open in tabs())} tabs open")
if streamlit_internals.follows_browser_history():
    st.text("went back")
if st.button("Leave"):
    streamlit_internals.redirect_browser("https://example.org/bye")
draw_anew()
count_twice()
follow()
interrupt()
st.chat_input("Ask")
