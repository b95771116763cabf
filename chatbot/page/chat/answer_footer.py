"""What stands below an answer: how it ended, its figures, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from chatbot import errors, services
from chatbot.chat.context_window import is_full, used
from chatbot.domain.messages import Message
from chatbot.page import state, status
from chatbot.page.chat import context_gauge
from chatbot.page.i18n import t, told

_SLOW_LOAD_S = 1.0  # shorter loading is not worth a word


def draw(shown: state.View, index: int) -> None:
    """Draws the foot of an exchange's answer."""
    one = shown.exchanges[index]
    answer = one.answer
    if answer is None:
        return
    if answer.error:
        st.error(told(answer.error))
    if found := notes(answer):
        st.caption(" · ".join(found))
    versions(shown, answer.id, one.answer_versions)
    actions = _actions()
    st.menu_button(
        t("More"),
        actions,
        key=f"actions-{answer.id}",
        type="tertiary",
        format_func=actions.__getitem__,
        on_click=_act,
        args=(shown, index, f"actions-{answer.id}"),
    )
    if index == len(shown.exchanges) - 1:
        _help(shown, index, answer)


def _help(shown: state.View, index: int, answer: Message) -> None:
    """Below the last answer: what cures its ending, or a window that is getting full."""
    context_gauge.draw(shown, answer)
    if answer.state in ("done", "writing"):
        return
    if answer.error == errors.ModelMissing(model=answer.model).sentence:
        status.pull(answer.model, key=f"pull-{answer.id}")
    # Without a change it may help no more: another model is one, a larger window another.
    is_changed = shown.model != answer.model or context_gauge.is_raised(shown, answer)
    if is_changed or errors.may_pass((answer.stats or {}).get("error_code")):
        st.button(t("Try again"), key=f"again-{answer.id}", on_click=again, args=(shown, index))


def _actions() -> dict[str, str]:
    return {
        "again": f":material/refresh: {t('Answer again')}",
        "edit": f":material/edit: {t('Edit the prompt')}",
        "copy": f":material/content_copy: {t('Copy as Markdown')}",
    }


def _act(shown: state.View, index: int, key: str) -> None:
    action = st.session_state[key]
    if action == "again":
        again(shown, index)
    elif action:
        shown.dialog = (action, index)
        st.rerun()


def again(shown: state.View, index: int) -> None:
    """Answers the prompt once more, as a new version of the answer."""
    answer = shown.exchanges[index].answer
    if shown.conversation_id is None or answer is None:
        return
    shown.stop_answer()  # one below it, which goes on no more
    try:
        exchange = services.current().chat.answer_again(
            shown.user_id, shown.conversation_id, answer.id, shown.model, shown.tab
        )
    except errors.ChatError as error:
        shown.trouble = error
        st.rerun()
    one = shown.exchanges[index]
    one.answer_versions = [*(one.answer_versions or [answer.id]), exchange.answer.id]
    one.answer, one.again = exchange.answer, True
    is_last = index == len(shown.exchanges) - 1
    del shown.exchanges[index + 1 :]
    if is_last:
        st.rerun(f"exchange-{index}")
    st.rerun()


def versions(shown: state.View, message_id: str, those: Sequence[str]) -> None:
    """Goes through the versions of a message, if there are several."""
    if len(those) < 2:
        return
    key = f"version-{message_id}"
    page = list(those).index(message_id) + 1
    st.pagination(
        len(those), default=page, key=key, on_change=_show, args=(shown, list(those), key)
    )


def _show(shown: state.View, those: list[str], key: str) -> None:
    wanted = those[st.session_state[key] - 1]
    if shown.conversation_id is None:
        return
    try:
        services.current().chat.show_version(shown.user_id, shown.conversation_id, wanted)
    except errors.ChatError as error:
        shown.trouble = error
    st.rerun()


def notes(answer: Message) -> list[str]:
    """How an answer ended, and its figures, in words."""
    stats = answer.stats or {}
    found = []
    if answer.state == "stopped":
        found.append(t("Stopped"))
    if answer.state == "abandoned":
        found.append(t("Ended, since no page showed it any more"))
    if answer.state == "interrupted":
        found.append(t("Cut off by a restart"))
    if is_full(stats):
        found.append(t("Cut because the context window was full"))
    elif stats.get("done_reason") == "length":
        found.append(t("Cut at the longest answer allowed (NUM_PREDICT)"))
    if left_out := stats.get("left_out"):
        found.append(
            t("The first {count} messages no longer fit the context window", count=left_out)
        )
    if stats.get("is_cut"):
        found.append(t("Ollama cut off the beginning of what was sent: the model has not seen it"))
    if stats.get("images_left_out"):
        found.append(t("Images were left out: {model} cannot see them", model=answer.model))
    return found + (_figures(answer, stats) if stats.get("output_tokens") else [])


def _figures(answer: Message, stats: dict[str, Any]) -> list[str]:
    tokens, seconds = stats["output_tokens"], stats.get("eval_s")
    figures = [answer.model]
    if ttft := stats.get("ttft_s"):
        figures.append(t("first words after {seconds} s", seconds=f"{ttft:.1f}"))
    if (load := stats.get("load_s") or 0) > _SLOW_LOAD_S:
        figures.append(t("{seconds} s of this was loading the model", seconds=f"{load:.0f}"))
    if seconds:
        figures.append(t("{rate} tokens/s", rate=f"{tokens / seconds:.0f}"))
    sent = stats.get("input_tokens") or 0
    figures.append(t("{sent} tokens in, {count} out", sent=sent, count=tokens))
    if num_ctx := stats.get("num_ctx"):
        text = t("{used} of {all} tokens of context", used=f"{used(stats):,}", all=f"{num_ctx:,}")
        figures.append(text)
    if stats.get("done_reason") == "stop" and answer.state == "done":
        figures.append(t("complete"))
    return figures
