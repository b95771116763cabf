"""An answer on the page: followed while it is written, or as a whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.chat.generation import Generation
from chatbot.domain.messages import Message
from chatbot.page import rerun
from chatbot.page.i18n import t, t_n
from chatbot.page.markdown import convert_for_display, split_blocks
from chatbot.page.state import PageState
from chatbot.page.streamlit_internals import (
    StatusContainer,
    StopException,
    yield_to_other_runs,
)
from chatbot.services import Services

_TICK_S = 0.5  # how often the waiting time is shown; also how soon a stop is noticed
_STORED_S = 1.0  # how often an answer that is written elsewhere is read
_UPDATE_S = 0.1  # tokens that come within this time share an update
_LONG = 1500  # characters: a block that has more is sent less often


@dataclass
class _GrowingText:
    """Text that grows on the page: each finished block is sent once, the last one as it grows."""

    slot: DeltaGenerator | None = None
    earlier: list[DeltaGenerator] = field(default_factory=list)
    finished: int = 0
    shown: str = ""
    sent: float = 0.0

    @property
    def pause_s(self) -> float:
        """Seconds until the next update.

        A code block of 6000 characters is sent four times less often, since each update sends all
        of it.
        """
        growing = len(self.shown) - self.finished
        return min(_UPDATE_S * max(1.0, growing / _LONG), _TICK_S)

    def update_text(self, text: str) -> None:
        """Show `text`, which begins with what is shown already."""
        yield_to_other_runs()
        now = time.monotonic()
        # A silent model's text is sent again: only then does Streamlit look for a stop.
        if text == self.shown and now - self.sent < _TICK_S:
            return
        self.shown, self.sent = text, now
        *whole_blocks, tail = split_blocks(text[self.finished :])
        for block in whole_blocks:
            self.earlier.append(self._draw_block(block))
            self.slot = None
            self.finished += len(block)
        self._draw_block(tail)

    def clear_text(self) -> DeltaGenerator:
        """Take all text off the page and return the place where it began."""
        first, *others = [*self.earlier, self.slot or st.empty()]
        for slot in others:
            slot.empty()
        return first

    def _draw_block(self, block: str) -> DeltaGenerator:
        draw = st.markdown if self.slot is None else self.slot.markdown
        self.slot = draw(convert_for_display(block))
        return self.slot


def draw_answer(answer: Message) -> None:
    """Show an answer in the same parts as when it was written, so that these stay as they are."""
    if answer.thinking:
        with st.status(_label_thinking(answer.statistics.thought_s or None), state="complete"):
            _draw_blocks(answer.thinking)
    _draw_blocks(answer.content)


def _draw_blocks(text: str) -> None:
    for block in split_blocks(text):
        st.markdown(convert_for_display(block))


def follow_stored(state: PageState, index: int) -> None:
    """Show an answer that another replica writes, as it is saved, until its end.

    One whose replica has died ends too: the history sees that nobody saves it any more.
    """
    place = st.empty()
    while index < len(state.exchanges) and (message := state.exchanges[index].answer):
        with place.container():
            draw_answer(message)
            if message.state == "writing" and not message.content + message.thinking:
                st.caption(t("Reading the prompt…"))
        if message.state != "writing":
            return
        time.sleep(_STORED_S)
        state.reload_conversation()


def follow_generation(generation: Generation, state: PageState) -> None:
    """Show the answer until its end. The stop button ends it; drawing anew leaves it running."""
    if state.is_watched not in generation.watchers:
        generation.watchers.append(state.is_watched)
    stopped = rerun.handle_stop(state.services, generation)
    slot: DeltaGenerator | None = st.caption(_describe_wait(state.services, generation))
    try:
        while slot and not generation.begun.wait(_TICK_S):
            yield_to_other_runs()
            slot.caption(_describe_wait(state.services, generation))
        if slot and generation.thinking:
            _follow_thinking(generation, slot)
            slot = None
        _follow_text(generation, slot)
    except StopException:
        stopped()
        raise


def _follow_text(generation: Generation, slot: DeltaGenerator | None) -> None:
    """Show the text until the end; once it turns out to have been thinking, as that."""
    text, moved = _GrowingText(slot), generation.moved
    while True:
        is_over = generation.over.is_set()
        if generation.moved and not moved:
            _follow_thinking(generation, text.clear_text())
            text, moved = _GrowingText(), True
        text.update_text(generation.text)
        if is_over:
            return
        generation.over.wait(text.pause_s)


def _follow_thinking(generation: Generation, slot: DeltaGenerator) -> None:
    """Show the thinking until the first text or the end, then fold it."""
    block: StatusContainer = slot.status(t("Thinking…"), expanded=True)
    text = _GrowingText()
    with block:
        while not generation.over.is_set() and generation.first_text_at is None:
            text.update_text(generation.thinking)
            generation.over.wait(text.pause_s)
        text.update_text(generation.thinking)
    block.update(label=_label_thinking(generation.thought_s), state="complete", expanded=False)


def _label_thinking(seconds: float | None) -> str:
    if seconds is None:
        return t("Thoughts")
    return t("Thought for {seconds} s", seconds=f"{seconds:.1f}")


def _describe_wait(services: Services, generation: Generation) -> str:
    seconds = time.monotonic() - generation.started_at
    elapsed = f" {seconds:.0f} s" if seconds >= 1 else ""
    return _describe_stage(services, generation) + elapsed


def _describe_stage(services: Services, generation: Generation) -> str:
    if generation.waits_for_ollama:
        return t("Ollama does not answer. Waiting for it to come back…")
    ahead = services.chat.count_ahead(generation)
    if ahead:
        return t_n(
            "Queued, {count} answer before yours…", "Queued, {count} answers before yours…", ahead
        )
    if not services.models.is_in_memory(generation.model):
        return t("Loading the model {model}…", model=generation.model)
    return t("Reading the prompt…")
