"""One prompt and its answer on the page, and following an answer while it is written."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import StopException

from chatbot import errors, services
from chatbot.answers import Answer
from chatbot.history import Message
from chatbot.markdown import blocks, for_display, for_prompt
from chatbot.page import rerun, status, view

_TICK_S = 0.5  # how often the waiting time is shown; also how soon a stop is noticed
_UPDATE_S = 0.1  # tokens that come within this time share an update

_MARKS = {"stopped": "Stopped", "interrupted": "Cut off by a restart"}


def send(shown: view.View, prompt: str) -> list[int]:
    """Stores the prompt, starts its answer and appends both to the view; raises a ChatError.

    Returns the exchanges that look different now, none when the whole page does.
    """
    stop()
    before = shown.messages()
    turn = services.current().conversations.send(
        shown.owner, shown.conversation_id, prompt, shown.model, shown.tab, before
    )
    if shown.conversation_id is None:
        shown.conversation_id, shown.unlisted = turn.conversation.id, True
        st.query_params["c"] = turn.conversation.id
    if turn.question.parent_id != (before[-1].id if before else None):
        shown.reload()  # another tab has gone on with it
        return []
    shown.exchanges.append(view.Exchange(turn.question, turn.answer))
    last = len(shown.exchanges) - 1
    # One that was cut has lost its button, since to answer it anew would hide this one.
    return [last - 1, last] if before and before[-1].state != "done" else [last]


def stop() -> None:
    """Ends the last answer if it is being written; so does a new prompt."""
    shown = view.current()
    last = shown.exchanges[-1].answer if shown.exchanges else None
    answer = services.current().answers.get(last.id) if last else None
    if answer is not None:
        services.current().answers.stop(answer)
        answer.over.wait()
        shown.settle(len(shown.exchanges) - 1, answer)


def draw(index: int) -> None:
    """Draws exchange `index` of the view, or nothing while there is none."""
    shown = view.current()
    answer = _under_way(shown, index)
    if index >= len(shown.exchanges):
        return
    one = shown.exchanges[index]
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(for_prompt(one.question.content))
    if one.answer is None:
        return
    with st.chat_message("assistant", avatar=":material/forum:"), _place(one, answer):
        if answer is None:
            _whole(one.answer.content)
        else:
            _follow(answer, shown)
            shown.settle(index, answer)
        _ending(index, shown.exchanges[index].answer or one.answer)
    if answer is not None and shown.unlisted:
        st.rerun()  # the sidebar does not list the new conversation yet; the answer came first


def _place(one: view.Exchange, answer: Answer | None) -> AbstractContextManager[object]:
    """Where an answer stands; one that is had again takes the place of the other at once."""
    if not one.again:
        return nullcontext()
    return st.container() if answer is None else st.empty().container()


def _under_way(shown: view.View, index: int) -> Answer | None:
    """The answer of an exchange while it is written; when there is none, the view has its end."""
    message = shown.exchanges[index].answer if index < len(shown.exchanges) else None
    answer = services.current().answers.get(message.id) if message else None
    if message is not None and answer is None and message.state == "writing":
        shown.reload()  # it ended after the view was filled
    return answer


def _whole(text: str) -> None:
    """Shows an answer in the same parts as when it was written, so that these stay as they are."""
    for block in blocks(text):
        st.markdown(for_display(block))


@dataclass
class _Text:
    """Text that grows on the page: each finished block is sent once, the last one as it grows."""

    slot: DeltaGenerator | None
    finished: int = 0
    shown: str = field(default="")
    sent: float = 0.0

    def update(self, text: str) -> None:
        """Shows `text`, which begins with what is shown already."""
        now = time.monotonic()
        # A silent model's text is sent again: only then does Streamlit look for a stop.
        if text == self.shown and now - self.sent < _TICK_S:
            return
        self.shown, self.sent = text, now
        *whole, tail = blocks(text[self.finished :])
        for block in whole:
            self._put(block)
            self.slot = None
            self.finished += len(block)
        self._put(tail)

    def _put(self, block: str) -> None:
        draw = st.markdown if self.slot is None else self.slot.markdown
        self.slot = draw(for_display(block))


def _follow(answer: Answer, shown: view.View) -> None:
    """Shows the answer until its end. The stop button ends it; drawing anew leaves it running."""
    if shown.tab not in answer.watchers:
        answer.watchers.append(shown.tab)
    slot = st.caption(_waiting(answer))
    try:
        while not answer.begun.wait(_TICK_S):
            slot.caption(_waiting(answer))
        text = _Text(slot)
        while not answer.over.is_set():
            text.update(answer.text)
            answer.over.wait(_UPDATE_S)
        text.update(answer.text)
    except StopException:
        if shown.tab():  # else it was closed, and another tab may still follow
            services.current().answers.stop(answer)
            rerun.soon(answer)
        raise


def _waiting(answer: Answer) -> str:
    seconds = time.monotonic() - answer.started
    if answer.waits_for_ollama:
        return f"Ollama does not answer. Waiting for it to come back… {seconds:.0f} s"
    ahead = services.current().answers.ahead(answer)
    if ahead:
        answers = "answer" if ahead == 1 else "answers"
        return f"Waiting, {ahead} {answers} before yours… {seconds:.0f} s"
    return f"Thinking… {seconds:.0f} s" if seconds >= 1 else "Thinking…"


def _ending(index: int, answer: Message) -> None:
    """What stands below an answer: how it ended, and a button where that helps."""
    if answer.error:
        st.error(answer.error)
    if notes := _notes(answer):
        st.caption(" · ".join(notes))
    if answer.state in ("done", "writing"):
        return
    again = st.empty()
    if index < len(view.current().exchanges) - 1:
        return  # to answer it anew would hide what followed
    with again.container():
        if answer.error == errors.ModelMissing(answer.model).sentence:
            status.pull(answer.model, key=f"pull-{answer.id}")
        st.button("Try again", key=f"again-{answer.id}", on_click=_again, args=(index,))


def _notes(answer: Message) -> list[str]:
    stats = answer.stats or {}
    notes = [_MARKS[answer.state]] if answer.state in _MARKS else []
    if stats.get("done_reason") == "length":
        notes.append("Cut at the longest answer allowed (NUM_PREDICT)")
    if left_out := stats.get("left_out"):
        notes.append(f"The first {left_out} messages no longer fit the context window")
    tokens, seconds = stats.get("output_tokens"), stats.get("eval_s")
    if tokens and seconds:
        notes += [answer.model, f"{tokens} tokens", f"{tokens / seconds:.0f} tokens/s"]
    return notes


def _again(index: int) -> None:
    """Answers the prompt once more, as a new version of the answer."""
    shown = view.current()
    answer = shown.exchanges[index].answer
    if shown.conversation_id is None or answer is None:
        return
    try:
        turn = services.current().conversations.again(
            shown.owner, shown.conversation_id, answer.id, shown.model, shown.tab
        )
    except errors.ChatError as error:
        shown.trouble = error
        st.rerun()
    shown.exchanges[index] = view.Exchange(turn.question, turn.answer, again=True)
    st.rerun(f"exchange-{index}")
