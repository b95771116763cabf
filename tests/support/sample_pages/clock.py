"""A sample page with a part that the browser renews by itself."""

from __future__ import annotations

import streamlit as st


@st.fragment(run_every=0.1)
def clock() -> None:
    """Count the runs."""
    ticks = st.session_state["ticks"] = st.session_state.get("ticks", 0) + 1
    st.text(f"tick {ticks}")


clock()
st.chat_input("Ask")
