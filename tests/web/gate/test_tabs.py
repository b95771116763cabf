"""A tab belongs to the browser that opened it, and to who had signed in there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.requests import HTTPConnection

from chatbot.identity import visitor_cookie
from chatbot.services import Services
from chatbot.web import claims
from chatbot.web.gate.messages import ALLOWED
from chatbot.web.gate.paths import LOGOUT
from chatbot.web.gate.tabs import BEFORE_SIGN_IN, Tabs
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama
from tests.support.logins import ANN, OIDC, PROXY
from tests.support.product import LoopThread, Served
from tests.support.signing_proxy import HEADER, SigningProxy
from tests.support.stranger import Stranger

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


Connect = Callable[..., HTTPConnection]


@pytest.fixture
def tabs(services: Services) -> Tabs:
    """The gate's knowledge of the tabs of a chat behind a proxy that signs people in."""
    tabs = Tabs(services.settings, visitor_cookie.make_signer(services.settings))
    tabs.users = services.users
    return tabs


@pytest.fixture
def connect(services: Services) -> Connect:
    """What a person's browser sends when it loads the page or connects: `connect("ann")`."""

    def make(person: str = "", browser: str = "laptop") -> HTTPConnection:
        cookie = f"{visitor_cookie.COOKIE}={services.users.sign_visitor_id(browser)}"
        headers = {"cookie": cookie, HEADER.lower(): person}
        sent = [(name.encode(), value.encode()) for name, value in headers.items() if value]
        return HTTPConnection({"type": "http", "path": "/", "headers": sent})

    return make


def test_where_nobody_signs_in_each_tab_may_send_all(tabs: Tabs, connect: Connect) -> None:
    assert tabs.open_tab(connect())() == ALLOWED


@pytest.mark.configured(**PROXY)
def test_before_sign_in_a_tab_sends_what_the_page_that_asks_for_it_needs(
    tabs: Tabs, connect: Connect
) -> None:
    assert tabs.open_tab(connect())() == BEFORE_SIGN_IN
    assert "file_urls_request" not in BEFORE_SIGN_IN
    assert tabs.open_tab(connect("ann"))() == ALLOWED


@pytest.mark.configured(**PROXY)
def test_a_tab_is_over_when_somebody_else_has_signed_in_with_its_browser(
    tabs: Tabs, connect: Connect
) -> None:
    of_ann, of_ann_elsewhere = (tabs.open_tab(connect("ann", name)) for name in ("pc", "phone"))
    tabs.note_person(connect("ann", "pc"))
    assert of_ann() == ALLOWED
    tabs.note_person(connect("", "pc"))  # as where the proxy lets something through
    assert of_ann() == ALLOWED
    tabs.note_person(connect("bob", "pc"))
    assert of_ann() == {}
    assert of_ann_elsewhere() == ALLOWED
    assert tabs.open_tab(connect("bob", "pc"))() == ALLOWED


@pytest.mark.configured(**PROXY)
def test_a_tab_that_was_signed_out_may_ask_to_sign_in_again(
    tabs: Tabs, connect: Connect, services: Services
) -> None:
    of_ann = tabs.open_tab(connect("ann"))
    user = services.users.identify(connect("ann").cookies, {"user": "ann"})
    assert user is not None and of_ann() == ALLOWED
    services.users.sign_out(user)
    assert of_ann() == BEFORE_SIGN_IN


@pytest.mark.configured(**OIDC)
def test_a_tab_is_over_when_the_cookie_of_its_login_is(
    tabs: Tabs, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = {**ANN}
    monkeypatch.setattr(claims, "read_login", lambda *_: cookie)
    of_ann = tabs.open_tab(connect())
    assert of_ann() == ALLOWED
    cookie.clear()  # as after the month for which Streamlit believes it
    assert of_ann() == {}


@pytest.mark.configured(**OIDC)
def test_who_leaves_by_streamlits_address_leaves_all_tabs_of_the_browser(
    tabs: Tabs, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "read_login", lambda *_: ANN)
    of_ann, leaving = tabs.open_tab(connect()), connect()
    tabs.sign_out(leaving)
    assert of_ann() == ALLOWED
    leaving.scope["path"] = LOGOUT
    tabs.sign_out(leaving)
    assert of_ann() == BEFORE_SIGN_IN


@pytest.fixture
def sign(loop: LoopThread) -> Iterator[Callable[[Served, str], SigningProxy]]:
    """Starts a proxy before a chat that signs everybody in as this person."""
    started: list[SigningProxy] = []

    def start(chat: Served, person: str) -> SigningProxy:
        started.append(SigningProxy(loop, chat.port, person, address="127.0.0.2"))
        return started[-1].__enter__()

    yield start
    for proxy in started:
        proxy.__exit__()


@pytest.mark.configured(**PROXY)
def test_a_browser_that_somebody_else_signs_in_with_neither_goes_on_nor_uploads(
    served: Served, sign: Callable[[Served, str], SigningProxy]
) -> None:
    of_ann, of_bob = sign(served, "ann"), sign(served, "bob")
    with Stranger(of_ann.url) as tab:
        tab.ask("A secret of Ann")
        urls = [each.upload_url for each in tab.ask_for_addresses(["a.txt", "b.txt"])]
        assert tab.put(urls[0], b"a") == 204
        tab.base_url = of_bob.url
        assert tab.put(urls[1], b"b") == 403
        tab.session.rerun()
        assert tab.is_closed_within(5)
