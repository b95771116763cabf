"""A sample page round a transcript: a component that the API beside it feeds, as the chat's is."""

from __future__ import annotations

import secrets

import streamlit as st

from tests.support.sample_pages.api import conversations
from tests.support.sample_pages.words import Exchange

LONG = "The server sends this only once. " * 500
memory = st.session_state
mount = st.components.v2.component("transcript", js="export default () => {}", isolate_styles=False)


def submit() -> None:
    """Start an exchange, or refuse the prompt."""
    prompt = memory.prompt
    memory.refused = prompt == "refuse"
    if memory.refused:
        return
    if prompt == "fail":
        raise RuntimeError("this prompt fails")
    start_exchange(prompt)


def start_exchange(prompt: str) -> None:
    """Begin the answer to a prompt, in the open conversation or a new one."""
    if not memory.get("conversation"):
        memory.conversation = st.query_params["c"] = secrets.token_hex(4)
        conversations[memory.conversation] = []
    exchange = Exchange(secrets.token_hex(4), prompt)
    conversations[memory.conversation].append(exchange)
    memory.writing = exchange.id


def act() -> None:
    """Do what the transcript tells."""
    told = memory.transcript.act
    memory.acts = [*memory.get("acts", []), told["act"]]
    if told["act"] == "again":
        exchanges = conversations[memory.conversation]
        start_exchange(next(x.prompt for x in exchanges if x.id == told["message"]))


def clear() -> None:
    """Begin a new conversation."""
    st.query_params.clear()
    memory.conversation = memory.writing = None


@st.fragment
def draw_transcript() -> None:
    """Draw the component."""
    conversation, writing = memory.get("conversation"), memory.get("writing")
    data = {"conversation": conversation, "revision": 0, "writing": writing, "visitor": ""}
    mount(key="transcript", data=data, on_act_change=act)
    st.text(f"acts: {' '.join(memory.get('acts', []))}")


@st.fragment
def draw_more() -> None:
    """Draw a button that reruns no more than this."""
    if st.button("More"):
        st.text("There is no more")


memory.runs = memory.get("runs", 0) + 1
memory.setdefault("conversation", st.query_params.get("c"))
st.sidebar.text(st.context.cookies.get("visitor", "nobody"))
st.sidebar.text(LONG)
st.sidebar.text(f"{memory.runs} whole runs")
st.sidebar.button("New chat", key="new", on_click=clear)
draw_transcript()
draw_more()
if memory.get("refused"):
    with st.container(key="error-busy"):
        st.error("As many as this chat takes")
st.chat_input("Ask", key="prompt", on_submit=submit)
