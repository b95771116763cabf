"""The page does what a browser tells, whatever that is, and stays a page."""

from __future__ import annotations

import typing
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.page import acts, header
from chatbot.page.sidebar import acts as sidebar_acts
from chatbot.services import Services
from tests.support.inputs import fewer, texts, wild_values
from tests.support.pages import Open, read_transcript, send_act, store_conversations

_NAMES = {
    "chat_transcript": typing.get_args(acts.Name),
    "chat_sidebar": typing.get_args(sidebar_acts.Name),
    "chat_header": typing.get_args(header.Act.model_fields["act"].annotation),
}
_FIELDS = ("message", "conversation", "text", "model", "num_ctx", "pinned")


@st.composite
def told(draw: st.DrawFn, ids: list[str]) -> tuple[str, Any]:
    """Return a component, and what it tells: most often one of its acts."""
    component = draw(st.sampled_from([*_NAMES]))
    argument = st.sampled_from(ids) | texts | wild_values | st.integers(-1, 10**9)
    arguments = draw(st.dictionaries(st.sampled_from(_FIELDS), argument))
    act = draw(st.sampled_from(_NAMES[component]) | texts)
    return component, draw(st.just({"act": act, **arguments}) | wild_values)


@settings(fewer(by=4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_act_of_any_kind_leaves_a_page(
    open_page: Open, ready: Services, data: st.DataObject
) -> None:
    stored = store_conversations(ready, "ann", "One", "Two")
    ids = [*stored, *(one.id for one in ready.history.list_messages("ann", stored[0]))]
    page = open_page(c=stored[0])
    for component, value in data.draw(st.lists(told(ids), min_size=1, max_size=4)):
        assert not send_act(page, component, value).exception
        page.run()
        assert not page.exception
        assert read_transcript(page)
