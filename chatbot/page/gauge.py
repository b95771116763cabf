"""How full the context window is, and what helps when it gets full."""

from __future__ import annotations

import streamlit as st

from chatbot import errors, services
from chatbot.context import used
from chatbot.history import Message, Setup
from chatbot.page import view
from chatbot.page.texts import t
from chatbot.summary import summarize

# Parts of the window from which on the gauge is shown, and the cures.
_HALF, _FULL = 0.5, 0.75


def draw(shown: view.View, answer: Message) -> None:
    """Below the last answer: the gauge once half of the window is used, and cures near its end.

    It shows the true count that Ollama gave, or an estimate where there is none.
    """
    window = services.current().conversations.num_ctx(shown.setup)
    stats = answer.stats or {}
    tokens = used(stats)
    if tokens and tokens < _HALF * window and not stats.get("left_out"):
        return
    if tokens:
        text = t("Context: {used} of {all} tokens", used=f"{tokens:,}", all=f"{window:,}")
    else:
        tokens = _estimate(shown)
        text = t("Context: about {used} of {all} tokens", used=f"{tokens:,}", all=f"{window:,}")
    st.progress(min(tokens / window, 1.0), text=text)
    if tokens >= _FULL * window or stats.get("left_out"):
        _cures(shown, answer, window)


def _estimate(shown: view.View) -> int:
    try:
        return services.current().conversations.estimate(shown.thread()).tokens
    except errors.ContextOverflow:
        return services.current().conversations.num_ctx(shown.setup)


def _cures(shown: view.View, answer: Message, window: int) -> None:
    st.warning(t("The context window is nearly full. What is oldest will be left out."))
    with st.container(horizontal=True):
        larger = _larger(answer.model, window)
        if larger:
            st.button(
                t("Raise it to {count} tokens", count=f"{larger:,}"),
                key=f"raise-{answer.id}",
                on_click=_raise,
                args=(shown, larger),
            )
        st.button(
            t("Summarize the oldest messages"),
            key=f"summarize-{answer.id}",
            on_click=_summarize,
            args=(shown, answer.model),
        )


def _larger(model: str, window: int) -> int | None:
    found = services.current().models.find(model)
    most = (found and found.context_length) or 2 * window
    return min(2 * window, most) if most > window else None


def _raise(shown: view.View, num_ctx: int) -> None:
    own = {**shown.setup.parameters, "num_ctx": num_ctx}
    configure(shown, shown.setup._replace(parameters=own))
    st.rerun()


def configure(shown: view.View, setup: Setup) -> None:
    """Gives the open conversation this set-up; one that has not begun will begin with it."""
    if shown.conversation_id is not None:
        try:
            services.current().history.configure(shown.owner, shown.conversation_id, setup)
        except errors.ChatError as error:
            shown.trouble = error
            return
    shown.setup = setup


def _summarize(shown: view.View, model: str) -> None:
    now = services.current()
    if shown.conversation_id is None:
        return
    try:
        shown.setup = summarize(
            now.answers,
            now.history,
            shown.owner,
            shown.conversation_id,
            model,
            shown.setup,
            shown.tab,
        )
    except errors.ChatError as error:
        shown.trouble = error
    st.rerun()


def boundary(shown: view.View, index: int) -> None:
    """Above the exchange `index`: says if what stands above it is no longer sent as it is."""
    summary = shown.setup.summary
    above = shown.exchanges[index - 1].answer if index else None
    if summary and above and above.id == summary.until:
        with st.expander(t("What stands above is summarized for the model")):
            st.text(summary.text)
    elif index and _left_out(shown) == 2 * index:
        st.caption(t("What stands above no longer fits the context window."))


def _left_out(shown: view.View) -> int:
    last = shown.exchanges[-1].answer
    return int(((last.stats if last else None) or {}).get("left_out") or 0)
