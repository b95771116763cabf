"""The parts of the page that the browser draws by our own code: frontend/src has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from chatbot.page.streamlit_internals import send_data_as_json

Mount = Callable[..., Any]
"""Puts a component on the page: `mount(key=…, data=…, on_act_change=…)`."""


def declare_component(name: str, function: str) -> Mount:
    """Return what mounts the component that `window.chatPage[function]` draws.

    It sends what a person does as the one trigger `act`, whose value is a JSON object.
    """
    send_data_as_json()
    script = f"export default (args) => window.chatPage.{function}(args)"
    return st.components.v2.component(name, js=script, isolate_styles=False)


def read_act(key: str) -> object:
    """Return what the browser sends; to be called by the component's callback."""
    return st.session_state[key].act
