"""A sample chat page as most are: each prompt reruns the script, which draws all history again."""

from __future__ import annotations

import streamlit as st

from tests.support.sample_pages.words import words

LONG = "The server sends this only once. " * 500
messages: list[tuple[str, str]] = st.session_state.setdefault("messages", [])
asked: list[str] = st.session_state.setdefault("asked", [])

st.sidebar.text(st.context.cookies.get("visitor", "nobody"))
st.sidebar.text(LONG)
st.sidebar.text(f"{st.query_params.get('messages', '0')} messages before")
st.sidebar.button("New chat", key="new", on_click=messages.clear)
st.chat_message("assistant").markdown("How can I help?")
for role, text in messages:
    st.chat_message(role).markdown(text)

prompt = st.chat_input("Ask", submit_mode="stop")
if prompt:
    st.chat_message("user").markdown(prompt)
    messages.append(("user", prompt))
    with st.chat_message("assistant"):
        messages.append(("assistant", str(st.write_stream(words(prompt)))))
    st.query_params["messages"] = str(len(messages))
    st.rerun()
