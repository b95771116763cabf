"""Whether the chat can answer: the progress of getting ready, and of pulling a model."""

from __future__ import annotations

import streamlit as st

from chatbot.llm.pulls import Pull
from chatbot.page.i18n import describe, escape_text, t
from chatbot.page.state import PageState

_LOOK_S = 0.5


def draw_status(state: PageState) -> None:
    """Show what the chat waits for, and look again by itself; nothing once it is ready."""
    if not state.services.readiness.is_ready:
        _watch_readiness(state)


@st.fragment(run_every=_LOOK_S)
def _watch_readiness(state: PageState) -> None:
    ready = state.services.readiness
    if ready.is_ready:
        st.rerun()
    if ready.pull is not None and not ready.pull.is_done:
        _draw_progress(ready.pull)
    elif ready.error is not None:
        st.warning(describe(ready.notice))
        is_final = ready.pull is not None and ready.error is ready.pull.error
        if ready.pull and is_final and not ready.error.may_pass and state.may_manage_models:
            # It is not tried again by itself.
            _pull_button(state, ready.pull.model, "pull-wanted")
    else:
        st.info(f"{describe(ready.notice)}…", icon=":material/hourglass_top:")


def draw_pull(state: PageState, model: str, key: str) -> None:
    """Draw a button that pulls `model`, then its progress with a button that cancels, then use."""
    under_way = state.services.models.pulls.find_pull(model)
    if under_way is None or under_way.is_done:
        _draw_last_pull(state, model, key, under_way)
    else:
        _watch_pull(state, model, key)


def _draw_last_pull(state: PageState, model: str, key: str, last: Pull | None) -> None:
    """Draw how the last pull ended, and the button for another one unless the model is there."""
    if last is not None and last.error is None and state.services.models.is_installed(model):
        st.caption(t("{model} is here now.", model=escape_text(model)))
        label = t("Use {model}", model=escape_text(model))
        st.button(label, key=f"use-{key}", type="primary", on_click=use_model, args=(state, model))
        return
    if last is not None and last.error is not None:
        st.caption(describe(last.error))
    _pull_button(state, model, key)


def use_model(state: PageState, model: str) -> None:
    """Take a model, and draw the whole page: to be called by a button's callback."""
    state.choose_model(model)
    st.rerun()


def _pull_button(state: PageState, model: str, key: str) -> None:
    label = t("Pull {model}", model=escape_text(model))
    st.button(label, key=key, type="primary", on_click=start_pull, args=(state, model))


def start_pull(state: PageState, model: str) -> None:
    """Pull a model: to be called by a button's callback."""
    state.attempt(lambda: state.services.models.pulls.start_pull(state.user_id, model))


@st.fragment(run_every=_LOOK_S)
def _watch_pull(state: PageState, model: str, key: str) -> None:
    pulls = state.services.models.pulls
    under_way = pulls.find_pull(model)
    if under_way is None or under_way.is_done:
        _draw_last_pull(state, model, key, under_way)
        return
    _draw_progress(under_way)
    st.button(t("Cancel"), key=f"cancel-{key}", on_click=_cancel_pull, args=(state, model))


def _cancel_pull(state: PageState, model: str) -> None:
    state.attempt(lambda: state.services.models.pulls.cancel_pull(state.user_id, model))


def _draw_progress(under_way: Pull) -> None:
    st.progress(min(under_way.fraction, 1.0), text=describe(under_way.describe()))
