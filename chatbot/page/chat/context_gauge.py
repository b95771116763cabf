"""How full the context window is, and what helps when it gets full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from chatbot import errors, services
from chatbot.chat.context_window import is_full, used
from chatbot.domain.conversation_settings import ConversationSettings
from chatbot.domain.messages import Message
from chatbot.page import state
from chatbot.page.i18n import t

# Parts of the window from which on the gauge is shown, and the cures.
_HALF, _FULL = 0.5, 0.75


def is_drawn(shown: state.View, answer: Message) -> bool:
    """Whether the gauge stands below this answer while it is the last one."""
    stats = answer.stats or {}
    if answer.state != "done":
        return stats.get("error_code") == errors.ContextOverflow.code
    window = services.current().chat.requests.choose_num_ctx(shown.settings, answer.model)
    return not used(stats) or used(stats) >= _HALF * window or _has_lost(stats)


def is_raised(shown: state.View, answer: Message) -> bool:
    """Whether the window has become larger since an answer for which it was too small."""
    stats = answer.stats or {}
    window = services.current().chat.requests.choose_num_ctx(shown.settings, answer.model)
    return stats.get("error_code") == errors.ContextOverflow.code and window > (
        stats.get("num_ctx") or 0
    )


def _has_lost(stats: Mapping[str, Any]) -> bool:
    """Whether something did not fit the window any more."""
    return bool(stats.get("left_out") or stats.get("is_cut") or is_full(stats))


def draw(shown: state.View, answer: Message) -> None:
    """Below the last answer: the gauge once half of the window is used, and cures near its end.

    It shows the true count that Ollama gave, or an estimate where there is none. A prompt that was
    too long gets the cure alone.
    """
    if not is_drawn(shown, answer):
        return
    window = services.current().chat.requests.choose_num_ctx(shown.settings, answer.model)
    if answer.state != "done":
        _raise_button(shown, answer, window)
        return
    tokens, exact = services.current().chat.requests.count_tokens(shown.content(), answer.model)
    counts = {"used": f"{tokens:,}", "all": f"{window:,}"}
    text = (
        t("Context: {used} of {all} tokens", **counts)
        if exact
        else t("Context: about {used} of {all} tokens", **counts)
    )
    st.progress(min(tokens / window, 1.0), text=text)
    if tokens >= _FULL * window or (exact and _has_lost(answer.stats or {})):
        _cures(shown, answer, window)


def _cures(shown: state.View, answer: Message, window: int) -> None:
    st.warning(t("The context window is nearly full. What is oldest will be left out."))
    with st.container(horizontal=True):
        _raise_button(shown, answer, window)
        st.button(
            t("Summarize the oldest messages"),
            key=f"summarize-{answer.id}",
            on_click=_summarize,
            args=(shown, answer.model),
        )


def _raise_button(shown: state.View, answer: Message, window: int) -> None:
    larger = _larger(answer.model, window)
    if larger:
        st.button(
            t("Raise it to {count} tokens", count=f"{larger:,}"),
            key=f"raise-{answer.id}",
            on_click=_raise,
            args=(shown, larger),
        )


def _larger(model: str, window: int) -> int | None:
    now = services.current()
    most = 0 if now.settings.has_one_window else now.chat.requests.max_num_ctx(model)
    return min(2 * window, most) if most > window else None


def _raise(shown: state.View, num_ctx: int) -> None:
    own = {**shown.settings.parameters, "num_ctx": num_ctx}
    configure(shown, shown.settings._replace(parameters=own))
    st.rerun()


def configure(shown: state.View, settings: ConversationSettings) -> None:
    """Gives the open conversation this set-up; one that has not begun will begin with it."""
    if shown.conversation_id is not None:
        try:
            services.current().chat.configure_conversation(
                shown.user_id, shown.conversation_id, settings
            )
        except errors.ChatError as error:
            shown.trouble = error
            return
    shown.settings = settings


def _summarize(shown: state.View, model: str) -> None:
    now = services.current()
    if shown.conversation_id is None:
        return
    try:
        shown.settings = now.chat.summarize_conversation(
            shown.user_id, shown.conversation_id, model, shown.tab
        )
    except errors.ChatError as error:
        shown.trouble = error
    st.rerun()


def boundary(shown: state.View, index: int) -> None:
    """Above the exchange `index`: says if what stands above it is no longer sent as it is."""
    summary = shown.settings.summary
    above = shown.exchanges[index - 1].answer if index else None
    if summary and above and above.id == summary.until:
        with st.expander(t("What stands above is summarized for the model")):
            st.text(summary.text)
    elif index and _first_sent(shown) == 2 * index:
        st.caption(t("What stands above no longer fits the context window."))


def _first_sent(shown: state.View) -> int:
    """The place of the first message that the last answer's model saw; 0 if it saw all."""
    last = shown.exchanges[-1].answer
    left_out = int(((last.stats if last else None) or {}).get("left_out") or 0)
    messages, summary = shown.messages(), shown.settings.summary
    covered = len(messages) - len(summary.after(messages)) if summary else 0
    return covered + left_out if left_out else 0
