"""The parts of the page that the browser draws by our own code: frontend/src has it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st
from pydantic import BaseModel, ValidationError

from chatbot.page.streamlit_internals import send_data_as_json

log = logging.getLogger("chatbot.page.components")

Act = TypeVar("Act", bound=BaseModel)


Mount = Callable[..., Any]
"""Puts a component on the page: `mount(key=…, data=…, on_act_change=…)`."""


def declare_component(name: str, function: str) -> Mount:
    """Return what mounts the component that `window.chatPage[function]` draws.

    It sends what a person does as the one trigger `act`, whose value is a JSON object.
    """
    send_data_as_json()
    script = f"export default (args) => window.chatPage.{function}(args)"
    return st.components.v2.component(name, js=script, isolate_styles=False)


def read_act(key: str, kind: type[Act]) -> Act | None:
    """Return what the browser sends, for the component's callback; None where it is none of ours.

    That is what no page of ours sends: it does nothing, and has no traceback in the log.
    """
    try:
        return kind.model_validate(st.session_state[key].act)
    except ValidationError as error:
        log.warning("ignored an act that the page never sends (%s)", error.title)
        return None
