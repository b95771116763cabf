"""Whether the chat can answer: the progress of getting ready, and of pulling a model."""

from __future__ import annotations

import streamlit as st

from chatbot import services
from chatbot.models import Pull

_LOOK_S = 0.5


def draw() -> None:
    """Shows what the chat waits for, and looks again by itself; nothing once it is ready."""
    if not services.current().readiness.ready:
        _watch()


@st.fragment(run_every=_LOOK_S)
def _watch() -> None:
    ready = services.current().readiness
    if ready.ready:
        st.rerun()
    if ready.pull is not None and not ready.pull.done:
        _progress(ready.pull)
    elif ready.error is not None:
        st.warning(ready.text)
    else:
        st.info(f"{ready.text}…", icon=":material/hourglass_top:")


def pull(model: str, key: str) -> None:
    """A button that pulls `model`, then its progress with a button that cancels."""
    if not services.current().settings.pull_models:
        st.caption("Models come with this deployment: its replicas share no store to pull one to.")
        return
    under_way = services.current().models.pulling(model)
    if under_way is None or under_way.done:
        if under_way is not None and under_way.error is None:
            st.caption(f"{model} is here now.")
            return
        if under_way is not None and under_way.error is not None:
            st.caption(under_way.error.sentence)
        st.button(
            f"Pull {model}",
            key=key,
            type="primary",
            on_click=_start,
            args=(model,),
        )
    else:
        _watch_pull(model, key)


def _start(model: str) -> None:
    services.current().models.pull(model)


@st.fragment(run_every=_LOOK_S)
def _watch_pull(model: str, key: str) -> None:
    under_way = services.current().models.pulling(model)
    if under_way is None or under_way.done:
        st.rerun()
        return
    _progress(under_way)
    st.button(
        "Cancel", key=f"cancel-{key}", on_click=services.current().models.cancel, args=(model,)
    )


def _progress(under_way: Pull) -> None:
    st.progress(min(under_way.fraction, 1.0), text=under_way.describe())
