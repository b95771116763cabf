"""What the page uses of Streamlit beyond its documentation, on a real page of its server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from streamlit import dataframe_util
from streamlit.components.v2.bidi_component import serialization
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.BidiComponent_pb2 import BidiComponent

from chatbot.page import streamlit_internals
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.product import wait_for
from tests.support.sample_pages.process import serve_page

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the sample page."""
    with serve_page("internals") as address:
        yield address


@pytest.fixture
def tab(url: str) -> Iterator[StreamlitUser]:
    """An open tab of the sample page."""
    with StreamlitUser(url, timeout=60) as user:
        yield user


def test_outside_a_run_there_is_no_tab() -> None:
    assert streamlit_internals.track_tab()()
    assert not streamlit_internals.follows_browser_history()


def test_a_components_data_is_sent_without_a_look_for_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[object] = []
    monkeypatch.setattr(dataframe_util, "determine_data_format", looked_at.append)
    streamlit_internals.send_data_as_json()
    message = BidiComponent()
    serialization.serialize_mixed_data({"rows": [{"title": "First"}]}, message)
    assert json.loads(message.json) == {"rows": [{"title": "First"}]}
    assert not looked_at


def test_a_tab_is_tracked_until_it_is_closed(tab: StreamlitUser, url: str) -> None:
    with StreamlitUser(url, timeout=60) as other:
        before = _count_tabs(other)
        assert before >= 2
        tab.close()
        wait_for(lambda: _count_tabs(other) < before)


def _count_tabs(tab: StreamlitUser) -> int:
    """Draw the page and return how many tabs it says are open."""
    runs = tab.session.runs_finished
    tab.session.rerun()
    tab.wait_for(lambda: tab.session.runs_finished > runs)
    return int(tab.text().partition(" tabs open")[0].split()[-1])


def test_back_in_the_browser_is_told_from_other_runs(tab: StreamlitUser) -> None:
    assert "went back" not in tab.text()
    message = BackMsg()
    message.rerun_script.is_history_navigation = True
    tab.session.send(message)
    tab.wait_for(lambda: "went back" in tab.text())


def test_a_browser_is_sent_elsewhere(tab: StreamlitUser) -> None:
    tab.click("Leave")
    tab.wait_for(lambda: tab.session.redirected_to == "https://example.org/bye")
