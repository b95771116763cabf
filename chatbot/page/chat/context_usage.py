"""How full the context window is, and what helps when it gets full."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from chatbot import errors
from chatbot.chat.context_window import count_used, is_full
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics
from chatbot.page.i18n import t
from chatbot.page.state import PageState
from chatbot.services import Services

# Parts of the window from which on the usage is shown, and the remedies.
_HALF, _FULL = 0.5, 0.75


def is_drawn(state: PageState, answer: Message) -> bool:
    """Return whether the usage stands below this answer while it is the last one."""
    statistics = answer.statistics
    if answer.state != "done":
        return _has_overflown(answer)
    window = state.services.chat.requests.choose_num_ctx(state.settings, answer.model)
    return (
        not count_used(statistics)
        or count_used(statistics) >= _HALF * window
        or _has_lost_messages(statistics)
    )


def is_raised(state: PageState, answer: Message) -> bool:
    """Return whether the window has become larger since an answer for which it was too small."""
    statistics = answer.statistics
    window = state.services.chat.requests.choose_num_ctx(state.settings, answer.model)
    return _has_overflown(answer) and window > (statistics.num_ctx)


def _has_overflown(answer: Message) -> bool:
    return errors.kinds.get(answer.failure_code or "") is errors.ContextOverflow


def _has_lost_messages(statistics: Statistics) -> bool:
    """Return whether something did not fit the window any more."""
    return bool(statistics.left_out or statistics.is_cut or is_full(statistics))


def draw_usage(state: PageState, answer: Message) -> None:
    """Draw below the last answer: the usage once half of the window is used, remedies near its end.

    It shows the true count that Ollama gave, or an estimate where there is none. A prompt that was
    too long gets the remedy alone.
    """
    if not is_drawn(state, answer):
        return
    window = state.services.chat.requests.choose_num_ctx(state.settings, answer.model)
    if answer.state != "done":
        _draw_raise_button(state, answer, window)
        return
    tokens, exact = state.services.chat.requests.count_tokens(state.content(), answer.model)
    counts = {"used": f"{tokens:,}", "all": f"{window:,}"}
    text = (
        t("Context: {used} of {all} tokens", **counts)
        if exact
        else t("Context: about {used} of {all} tokens", **counts)
    )
    st.progress(min(tokens / window, 1.0), text=text)
    if tokens >= _FULL * window or (exact and _has_lost_messages(answer.statistics)):
        _draw_remedies(state, answer, window)


def _draw_remedies(state: PageState, answer: Message, window: int) -> None:
    st.warning(t("The context window is nearly full. What is oldest will be left out."))
    with st.container(horizontal=True):
        _draw_raise_button(state, answer, window)
        st.button(
            t("Summarize the oldest messages"),
            key=f"summarize-{answer.id}",
            on_click=_summarize_oldest,
            args=(state, answer.model),
        )


def _draw_raise_button(state: PageState, answer: Message, window: int) -> None:
    larger = _choose_larger(state.services, answer.model, window)
    if larger:
        st.button(
            t("Raise it to {count} tokens", count=f"{larger:,}"),
            key=f"raise-{answer.id}",
            on_click=_raise_window,
            args=(state, larger),
        )


def _choose_larger(services: Services, model: str, window: int) -> int | None:
    most = 0 if services.settings.has_one_window else services.chat.requests.max_num_ctx(model)
    return min(2 * window, most) if most > window else None


def _raise_window(state: PageState, num_ctx: int) -> None:
    parameters = state.settings.parameters.model_copy(update={"num_ctx": num_ctx})
    state.change_settings(replace(state.settings, parameters=parameters))
    st.rerun()


def _summarize_oldest(state: PageState, model: str) -> None:
    state.summarize_conversation(model)
    st.rerun()


def draw_boundary(state: PageState, index: int) -> None:
    """Above the exchange `index`: says if what stands above it is no longer sent as it is."""
    summary = state.settings.summary
    above = state.exchanges[index - 1].answer if index else None
    if summary and above and above.id == summary.until:
        with st.expander(t("What stands above is summarized for the model")):
            st.text(summary.text)
    elif index and _find_first_sent(state) == 2 * index:
        st.caption(t("What stands above no longer fits the context window."))


def _find_first_sent(state: PageState) -> int:
    """Return the place of the first message that the last answer's model saw; 0 if it saw all."""
    last = state.exchanges[-1].answer
    left_out = last.statistics.left_out if last else 0
    messages, summary = state.messages(), state.settings.summary
    covered = len(messages) - len(summary.after(messages)) if summary else 0
    return covered + left_out if left_out else 0
