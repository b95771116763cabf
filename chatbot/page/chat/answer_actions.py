"""What stands below an answer: how it ended, its figures, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chatbot import errors
from chatbot.chat.context_window import count_used, is_full
from chatbot.domain.messages import Message
from chatbot.domain.statistics import Statistics
from chatbot.page import status
from chatbot.page.chat import context_usage
from chatbot.page.i18n import describe, t, t_n
from chatbot.page.markdown import escape_text
from chatbot.page.state import PageState, exchange_key

_SLOW_LOAD_S = 1.0  # shorter loading is not worth a word


def draw_footer(state: PageState, index: int) -> None:
    """Draw the foot of an exchange's answer."""
    exchange = state.exchanges[index]
    answer = exchange.answer
    if answer is None:
        return
    if answer.error:
        failure = answer.failure
        st.error(describe(failure) if failure else escape_text(answer.error))
    if notes := list_notes(answer):
        st.caption(" · ".join(notes))
    draw_versions(state, answer.id, exchange.answer_versions)
    actions, key = _list_actions(), _key_of_end(answer)
    st.menu_button(
        t("More"),
        actions,
        key=key,
        type="tertiary",
        format_func=actions.__getitem__,
        on_click=_run_action,
        args=(state, index, key),
    )
    if index == len(state.exchanges) - 1:
        _draw_help(state, index, answer)


def _draw_help(state: PageState, index: int, answer: Message) -> None:
    """Below the last answer: what cures its ending, or a window that is getting full."""
    context_usage.draw_usage(state, answer)
    if answer.state in ("done", "writing"):
        return
    if answer.failure_code == errors.ModelMissing.code:
        status.draw_pull(state.services, answer.model, key=f"pull-{answer.id}")
    # Without a change it may help no more: another model is one, a larger window another.
    is_changed = state.model != answer.model or context_usage.is_raised(state, answer)
    if is_changed or errors.may_pass(answer.failure_code):
        st.button(
            t("Try again"), key=f"again-{answer.id}", on_click=answer_again, args=(state, index)
        )


def _key_of_end(answer: Message) -> str:
    """Return a key that tells programs how the answer ended, which reads no word of the page.

    See locustfiles/streamlit_client/answer_end.py.
    """
    figures = answer.statistics
    code = answer.failure_code if answer.failure_code in errors.kinds else ""
    counts = f"{figures.input_tokens}-{figures.output_tokens}-{round(1000 * figures.queued_s)}"
    return f"answer-{answer.id}-{answer.state}-{code}-{counts}"


def _list_actions() -> dict[str, str]:
    return {
        "again": f":material/refresh: {t('Answer again')}",
        "edit": f":material/edit: {t('Edit the prompt')}",
        "copy": f":material/content_copy: {t('Copy as Markdown')}",
    }


def _run_action(state: PageState, index: int, key: str) -> None:
    action = st.session_state[key]
    if action == "again":
        answer_again(state, index)
    elif action:
        state.open_dialog(action, index)
        st.rerun()


def answer_again(state: PageState, index: int) -> None:
    """Answer the prompt once more, as a new version of the answer."""
    answer = state.exchanges[index].answer
    if state.conversation_id is None or answer is None:
        return
    state.stop_answer()  # one below it, which goes on no more
    try:
        exchange = state.services.chat.answer_again(
            state.user_id, state.conversation_id, answer.id, state.model, state.is_watched
        )
    except errors.ChatError as error:
        state.show_error(error)
        st.rerun()
    is_last = index == len(state.exchanges) - 1
    state.replace_answer(index, exchange.answer)
    if is_last:
        st.rerun(exchange_key(index))
    st.rerun()


def draw_versions(state: PageState, message_id: str, those: Sequence[str]) -> None:
    """Go through the versions of a message, if there are several."""
    if len(those) < 2:
        return
    key = f"version-{message_id}"
    page = list(those).index(message_id) + 1
    st.pagination(
        len(those), default=page, key=key, on_change=_show_version, args=(state, list(those), key)
    )


def _show_version(state: PageState, those: list[str], key: str) -> None:
    wanted = those[st.session_state[key] - 1]
    if state.conversation_id is None:
        return
    state.show_version(wanted)
    st.rerun()


def list_notes(answer: Message) -> list[str]:
    """Return how an answer ended, and its figures, in words."""
    statistics = answer.statistics
    notes = []
    if answer.state == "stopped":
        notes.append(t("Stopped"))
    if answer.state == "abandoned":
        notes.append(t("Ended, since no page showed it any more"))
    if answer.state == "interrupted":
        notes.append(t("Cut off by a restart"))
    if is_full(statistics):
        notes.append(t("Cut because the context window was full"))
    elif statistics.done_reason == "length":
        notes.append(t("Cut at the longest answer allowed (NUM_PREDICT)"))
    if left_out := statistics.left_out:
        notes.append(
            t_n(
                "The first message no longer fits the context window",
                "The first {count} messages no longer fit the context window",
                left_out,
            )
        )
    if statistics.is_cut:
        notes.append(t("Ollama cut off the beginning of what was sent: the model has not seen it"))
    if statistics.images_left_out:
        notes.append(t("Images were left out: {model} cannot see them", model=answer.model))
    return notes + (_list_figures(answer, statistics) if statistics.output_tokens else [])


def _list_figures(answer: Message, statistics: Statistics) -> list[str]:
    tokens, seconds = statistics.output_tokens, statistics.eval_s
    figures = [answer.model]
    if ttft := statistics.ttft_s:
        figures.append(t("first words after {seconds} s", seconds=f"{ttft:.1f}"))
    if (load := statistics.load_s) > _SLOW_LOAD_S:
        figures.append(t("{seconds} s of this was loading the model", seconds=f"{load:.0f}"))
    if seconds:
        figures.append(t("{rate} tokens/s", rate=f"{tokens / seconds:.0f}"))
    sent = statistics.input_tokens
    figures.append(
        t_n("{count} token in, {out} out", "{count} tokens in, {out} out", sent, out=tokens)
    )
    if num_ctx := statistics.num_ctx:
        counts = {"used": f"{count_used(statistics):,}", "all": f"{num_ctx:,}"}
        figures.append(t("{used} of {all} tokens of context", **counts))
    if statistics.done_reason == "stop" and answer.state == "done":
        figures.append(t("complete"))
    return figures
