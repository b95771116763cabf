"""Server-sent events, however the network cuts them into pieces."""

from __future__ import annotations

import pytest

from locustfiles.streamlit_client.server_events import EventParser, ServerEvent

STREAM = (
    "event: exchange\nid: 0.0\ndata: {}\n\n"
    ": a comment that keeps the connection open\n\n"
    'id: 0.3\ndata: "tea"\n\n'
    "data: two\ndata: lines\n\r\n"
    'event: wait\r\ndata:{"text": "größer"}\r\n\r\n'
).encode()
EVENTS = [
    ServerEvent("exchange", "{}", "0.0"),
    ServerEvent("", '"tea"', "0.3"),
    ServerEvent("", "two\nlines", "0.3"),
    ServerEvent("wait", '{"text": "größer"}', "0.3"),
]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_the_same_however_they_are_cut(size: int) -> None:
    parser = EventParser()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS
    assert parser.last_id == "0.3"


def test_an_event_without_an_end_is_none() -> None:
    assert list(EventParser().feed(b"data: half")) == []
