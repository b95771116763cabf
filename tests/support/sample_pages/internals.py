"""A sample page that does what the chat does with Streamlit's internals, and says what came."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from chatbot.page import streamlit_internals

memory = st.session_state
memory.whole_runs = memory.get("whole_runs", 0) + 1


@st.cache_resource
def tabs() -> list[Callable[[], bool]]:
    """Return what tells of each tab that was ever opened whether it is open."""
    return []


if memory.whole_runs == 1:
    tabs().append(streamlit_internals.track_tab())
st.text(f"{memory.whole_runs} whole runs, {sum(is_open() for is_open in tabs())} tabs open")
if streamlit_internals.follows_browser_history():
    st.text("went back")
if st.button("Leave"):
    streamlit_internals.redirect_browser("https://example.org/bye")
st.chat_input("Ask")
