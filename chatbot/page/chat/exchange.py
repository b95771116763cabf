"""One prompt and its answer on the page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from chatbot import services
from chatbot.chat.conversation_content import Draft
from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import apply_generation
from chatbot.domain.attachment import Attachment
from chatbot.page import state
from chatbot.page.chat import answer_footer, context_gauge
from chatbot.page.chat.answer import follow, follow_stored, whole
from chatbot.page.i18n import t
from chatbot.page.markdown import escaped, for_prompt
from chatbot.page.streamlit_internals import draws_whole_page, rerun_this_fragment
from chatbot.web import downloads

_IMAGE_WIDTH = 240  # pixels


def send(shown: state.View, draft: Draft, index: int | None = None) -> list[int]:
    """Stores the prompt, starts its answer and appends both to the view; raises a ChatError.

    With `index` it becomes a new version of that exchange's prompt. Returns the exchanges that
    look different now, none when the whole page does.
    """
    shown.stop_answer()
    before = shown.content(index)
    exchange = services.current().chat.send_prompt(
        shown.user_id, shown.conversation_id, draft, shown.model, shown.tab, before
    )
    if shown.conversation_id is None:
        shown.conversation_id = exchange.conversation.id
        st.query_params["c"] = exchange.conversation.id
    above = before.messages[-1] if before.messages else None
    if index is not None or exchange.prompt.parent_id != (above.id if above else None):
        shown.reload()  # another version, or another tab has gone on with it
        return []
    if draft.files:
        shown.files[exchange.prompt.id] = list(draft.files)
    shown.exchanges.append(state.Exchange(exchange.prompt, exchange.answer))
    last = len(shown.exchanges) - 1
    if not last:
        return []  # in place of the greeting, and listed in the sidebar
    # One that was cut loses its button, and the gauge goes below the new one.
    loses = above and (above.state != "done" or context_gauge.is_drawn(shown, above))
    return [last - 1, last] if loses else [last]


def draw(index: int) -> None:
    """Draws exchange `index` of the view, or nothing while there is none."""
    shown = state.current()
    generation = _under_way(shown, index)
    if index >= len(shown.exchanges):
        return
    one = shown.exchanges[index]
    with st.chat_message("user", avatar=":material/person:"):
        _question(shown, one)
    if one.answer is None:
        return
    with st.chat_message("assistant", avatar=":material/forum:"), _place(one, generation):
        if generation is not None and draws_whole_page() and not shown.follows_at_once:
            # Until this run ends, nothing goes from the page that is there no more, and no dialog
            # comes: the answer is followed in a run of its own.
            whole(apply_generation(one.answer, generation))
            rerun_this_fragment()
            return
        if generation is not None:
            follow(generation, shown)
            shown.settle(index, generation)
        elif one.answer.state == "writing":
            follow_stored(shown, index)
        else:
            whole(one.answer)
        if index < len(shown.exchanges):
            answer_footer.draw(shown, index)


def _question(shown: state.View, one: state.Exchange) -> None:
    _images(shown, one.prompt.id)
    draw_chips([file for file in shown.files.get(one.prompt.id, ()) if not file.is_image])
    if one.prompt.content:
        st.markdown(for_prompt(one.prompt.content))
    answer_footer.versions(shown, one.prompt.id, one.prompt_versions)


def _images(shown: state.View, message_id: str) -> None:
    """Shows a prompt's images, each a link to itself in full size.

    Not with st.image, whose files Streamlit forgets.
    """
    links = []
    for number, file in enumerate(shown.files.get(message_id, ())):
        if file.is_image:
            address = html.escape(downloads.attachment_address(shown.person, message_id, number))
            image = f'<img src="{address}" alt="{html.escape(file.name)}" width="{_IMAGE_WIDTH}">'
            links.append(f'<a href="{address}" target="_blank">{image}</a>')
    if links:
        st.html(" ".join(links))


def draw_chips(files: Sequence[Attachment]) -> None:
    """Shows files by their names."""
    if files:
        st.markdown(" ".join(map(_chip, files)))


def _chip(one: Attachment) -> str:
    size = t("{size} kB", size=f"{max(one.size / 1000, 0.1):,.1f}")
    return f":gray-badge[:material/description: {escaped(one.name)} · {size}]"


def _place(one: state.Exchange, generation: Generation | None) -> AbstractContextManager[object]:
    """Where an answer stands; one that is had again takes the place of the other at once."""
    if not one.again:
        return nullcontext()
    return st.container() if generation is None else st.empty().container()


def _under_way(shown: state.View, index: int) -> Generation | None:
    """The answer of an exchange while it is written; when there is none, the view has its end."""
    message = shown.exchanges[index].answer if index < len(shown.exchanges) else None
    generation = services.current().chat.find_generation(message.id) if message else None
    if message is not None and generation is None and message.state == "writing":
        shown.reload()  # it ended after the view was filled
    return generation
