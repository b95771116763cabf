"""A sample chat page that draws each turn in a fragment of its own and reruns nothing else."""

from __future__ import annotations

import streamlit as st

from tests.support.sample_pages.words import words

SLOTS = 8
turns: list[list[str]] = st.session_state.setdefault("turns", [])


def submit() -> None:
    """Store the prompt and draw its turn."""
    turns.append([st.session_state["prompt"], ""])
    st.rerun(f"turn-{len(turns) - 1}")


def answer(turn: list[str]) -> None:
    """Draw finished paragraphs once, and the last one again as it grows."""
    with st.chat_message("assistant"):
        waiting, paragraph = st.empty(), st.empty()
        waiting.caption("Reading the prompt")
        block = ""
        for word in words(turn[0]):
            waiting.empty()
            if word.startswith("\n"):
                paragraph, block = st.empty(), ""
            block += word
            turn[1] += word
            paragraph.markdown(block)


def turn(index: int) -> None:
    """One slot of the conversation, empty at first."""
    if index < len(turns):
        prompt, text = turns[index]
        st.chat_message("user").markdown(prompt)
        if text:
            st.chat_message("assistant").markdown(text)
        else:
            answer(turns[index])


@st.fragment
def prompt_box() -> None:
    """Draw the chat input in a fragment: a submission reruns one exchange, not the page."""
    if st.button("More"):
        st.text("There is no more")
    st.chat_input("Ask", key="prompt", on_submit=submit)


st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.sidebar.text(f"{st.session_state['runs']} whole runs")
st.chat_message("assistant").markdown("How can I help?")
for number in range(SLOTS):
    st.fragment(turn, key=f"turn-{number}")(number)
prompt_box()
