"""A tab belongs to the browser that opened it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served

pytestmark = pytest.mark.contract

XSRF = "_streamlit_xsrf"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that the tests share."""
    folder = tmp_path_factory.mktemp("tabs") / "data"
    with FakeOllama() as ollama, Served(ollama.url, folder) as served:
        yield served


@pytest.fixture
def ann(chat: Served) -> Iterator[StreamlitUser]:
    """Ann's tab, with a conversation in it."""
    with StreamlitUser(chat.url) as tab:
        tab.ask("A secret of Ann")
        yield tab


def _steal(thief: StreamlitUser, tab: StreamlitUser) -> None:
    """Lose the connection, and ask for another's tab by its id."""
    thief.session._id = tab.session._id
    runs = thief.session.runs_finished
    thief.session.reconnect()
    thief.wait_for(lambda: thief.session.runs_finished > runs, "the page is drawn")


def test_a_browser_has_its_tab_again(ann: StreamlitUser) -> None:
    was, runs = ann.session._id, ann.session.runs_finished
    ann.session.reconnect()
    ann.wait_for(lambda: ann.session.runs_finished > runs, "the page is drawn")
    assert ann.session._id == was


@pytest.mark.parametrize("is_open", [True, False])
def test_the_id_of_a_tab_opens_it_for_nobody_else(
    chat: Served, ann: StreamlitUser, is_open: bool
) -> None:
    if not is_open:
        ann.close()
    with StreamlitUser(chat.url) as thief:
        _steal(thief, ann)
        assert thief.session._id != ann.session._id
        assert thief.messages() == []
        assert thief.conversations() == []
    if is_open:
        ann.ask("Still here")
        assert ("user", "A secret of Ann") in ann.messages()


def test_a_browser_without_a_cookie_has_nobodys_tab(chat: Served, ann: StreamlitUser) -> None:
    with StreamlitUser(chat.url) as thief:
        thief.session.cookies.clear()
        _steal(thief, ann)
        assert thief.session._id != ann.session._id


def test_a_file_is_for_the_own_tab_alone(chat: Served, ann: StreamlitUser) -> None:
    with StreamlitUser(chat.url) as bob:
        mine, hers = (f"{chat.url}/_stcore/upload_file/{t.session._id}/x" for t in (bob, ann))
        with httpx.Client(cookies=bob.cookies) as browser:
            headers = {"X-Xsrftoken": browser.cookies[XSRF]}
            files = {"file": ("a.txt", b"a")}
            for method in ("PUT", "DELETE"):
                reply = browser.request(method, hers, headers=headers, files=files)
                assert (reply.status_code, reply.json()["code"]) == (403, "foreign_tab")
            assert "foreign_tab" not in browser.put(mine, headers=headers, files=files).text
            browser.cookies.clear()
            assert browser.put(mine, headers=headers, files=files).status_code == 403
