"""One prompt and its answer on the page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import apply_generation
from chatbot.domain.attachment import Attachment
from chatbot.page.chat import answer_actions
from chatbot.page.chat.answer import draw_answer, follow_generation, follow_stored
from chatbot.page.i18n import t
from chatbot.page.links import make_attachment_link
from chatbot.page.markdown import convert_prompt, escape_text
from chatbot.page.state import PageState, ShownExchange
from chatbot.page.streamlit_internals import draws_whole_page, rerun_this_fragment

_IMAGE_WIDTH = 240  # pixels


def draw_exchange(state: PageState, index: int) -> None:
    """Draw exchange `index` of the view, or nothing while there is none."""
    generation = _find_generation(state, index)
    if index >= len(state.exchanges):
        return
    exchange = state.exchanges[index]
    with st.chat_message("user", avatar=":material/person:"):
        _draw_prompt(state, exchange)
    if exchange.answer is None:
        return
    with (
        st.chat_message("assistant", avatar=":material/forum:"),
        _choose_place(exchange, generation),
    ):
        if generation is not None and draws_whole_page() and not state.follows_at_once:
            # Until this run ends, nothing goes from the page that is there no more, and no dialog
            # comes: the answer is followed in a run of its own.
            draw_answer(apply_generation(exchange.answer, generation))
            rerun_this_fragment()
            return
        if generation is not None:
            follow_generation(generation, state)
            state.finish_answer(index, generation)
        elif exchange.answer.state == "writing":
            follow_stored(state, index)
        else:
            draw_answer(exchange.answer)
        if index < len(state.exchanges):
            answer_actions.draw_footer(state, index)


def _draw_prompt(state: PageState, exchange: ShownExchange) -> None:
    _draw_images(state, exchange.prompt.id)
    draw_chips([file for file in state.files.get(exchange.prompt.id, ()) if not file.is_image])
    if exchange.prompt.content:
        st.markdown(convert_prompt(exchange.prompt.content))
    answer_actions.draw_versions(state, exchange.prompt.id, exchange.prompt_versions)


def _draw_images(state: PageState, message_id: str) -> None:
    """Show a prompt's images, each a link to itself in full size.

    Not with st.image, whose files Streamlit forgets.
    """
    links, users = [], state.services.users
    for number, file in enumerate(state.files.get(message_id, ())):
        if file.is_image:
            address = make_attachment_link(users, state.user, message_id, number)
            address, name = html.escape(address), html.escape(file.name)
            image = f'<img src="{address}" alt="{name}" width="{_IMAGE_WIDTH}">'
            links.append(f'<a href="{address}" target="_blank">{image}</a>')
    if links:
        st.html(" ".join(links))


def draw_chips(files: Sequence[Attachment]) -> None:
    """Show files by their names."""
    if files:
        st.markdown(" ".join(map(_make_chip, files)))


def _make_chip(file: Attachment) -> str:
    size = t("{size} kB", size=f"{max(file.size / 1000, 0.1):,.1f}")
    return f":gray-badge[:material/description: {escape_text(file.name)} · {size}]"


def _choose_place(
    exchange: ShownExchange, generation: Generation | None
) -> AbstractContextManager[object]:
    """Return where an answer stands; one that is had again takes the place of the other at once."""
    if not exchange.is_answered_again:
        return nullcontext()
    return st.container() if generation is None else st.empty().container()


def _find_generation(state: PageState, index: int) -> Generation | None:
    """Return the answer of an exchange while it is written; without one, the view has its end."""
    message = state.exchanges[index].answer if index < len(state.exchanges) else None
    generation = state.services.chat.find_generation(message.id) if message else None
    if message is not None and generation is None and message.state == "writing":
        state.reload_conversation()  # it ended after the view was filled
    return generation
