"""Who somebody is: the same person everywhere, and nobody who only says so."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot import errors
from chatbot.history import HistoryUnavailable
from chatbot.identity import visitor_cookie
from chatbot.identity.users import USER, User, Users
from chatbot.settings import Settings
from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama
from tests.support.logins import ANN, OIDC, PROXY
from tests.support.product import ROOT, LoopThread, Served, environment
from tests.support.sign_outs import Store
from tests.support.signing_proxy import SigningProxy

COOKIE_ID = re.compile("[0-9a-f]{32}")


def _people(tmp_path: Path, *store: Store, **settings: object) -> Users:
    read = Settings(data_dir=tmp_path / "data", **settings)  # type: ignore[arg-type]
    return Users(read, *(store or (Store(),)))


def _user_id(person: User | None) -> str:
    assert person is not None
    return person.user_id


def test_without_a_login_a_browser_is_known_by_its_cookie_alone(tmp_path: Path) -> None:
    users = _people(tmp_path)
    signer = visitor_cookie.make_signer(Settings(data_dir=tmp_path / "data"))
    mine = {visitor_cookie.COOKIE: signer.sign("ab" * 16).decode()}
    person = users.identify(mine, ANN | {USER: "ann"})  # of which nobody has asked
    assert person is not None
    assert (person.user_id, person.name, person.lasting) == ("ab" * 16, "", True)
    stranger = users.identify({}, {})
    assert stranger is not None
    assert COOKIE_ID.fullmatch(stranger.user_id)
    assert not stranger.lasting


def test_a_person_is_the_same_in_each_process_and_browser(tmp_path: Path) -> None:
    one, two = (_people(tmp_path / name, **OIDC).identify({}, ANN) for name in "ab")
    assert _user_id(one) == _user_id(two)
    assert one is not None
    assert (one.name, one.lasting) == ("Ann Example", True)


def test_what_the_history_knows_a_person_by_never_changes(tmp_path: Path) -> None:
    assert _user_id(_people(tmp_path, **OIDC).identify({}, ANN)) == (
        "oidc-b8d1e97f64cac49b14f9a8bbf406c9fe6726c2e7904ad78a88fc80285e229538"
    )
    assert _user_id(_people(tmp_path, **PROXY).identify({}, {USER: "ann"})) == (
        "header-121c3cd3856924fcc5dbddf420d5e803cb0abba2b06551c824632ef603007091"
    )


def test_nobody_is_taken_for_somebody_else(tmp_path: Path) -> None:
    oidc, proxy = _people(tmp_path, **OIDC), _people(tmp_path, **PROXY)
    elsewhere = _people(tmp_path, **OIDC | {"oidc_issuer": "https://other.example.org"})
    owners = [
        _user_id(oidc.identify({}, ANN)),
        _user_id(oidc.identify({}, ANN | {"sub": "bob"})),
        _user_id(elsewhere.identify({}, ANN | {"iss": "https://other.example.org"})),
        _user_id(proxy.identify({}, {USER: "ann"})),
        _user_id(proxy.identify({}, {USER: "Ann"})),
    ]
    assert len(set(owners)) == len(owners)
    assert not any(COOKIE_ID.fullmatch(user_id) for user_id in owners)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"is_logged_in": False},
        ANN | {"is_logged_in": False},
        ANN | {"sub": ""},
        ANN | {"iss": "https://evil.example.org"},
        {key: value for key, value in ANN.items() if key != "iss"},
        {USER: "ann"},
    ],
)
def test_who_has_not_signed_in_at_this_provider_is_nobody(
    tmp_path: Path, claims: dict[str, object]
) -> None:
    assert _people(tmp_path, **OIDC).identify({}, claims) is None


@pytest.mark.parametrize("claims", [{}, {USER: None}, {USER: " "}, ANN])
def test_without_the_header_a_request_is_nobodys(tmp_path: Path, claims: dict[str, object]) -> None:
    assert _people(tmp_path, **PROXY).identify({}, claims) is None


def test_a_user_outside_ascii_is_read_as_the_proxy_wrote_him(tmp_path: Path) -> None:
    sent = "Zoë".encode().decode("latin-1")
    person = _people(tmp_path, **PROXY).identify({}, {USER: sent})
    assert person is not None
    assert person.name == "Zoë"


def test_a_sign_out_ends_all_tabs_of_the_browser_and_no_others(tmp_path: Path) -> None:
    users = _people(tmp_path, **OIDC)
    signer = visitor_cookie.make_signer(Settings(data_dir=tmp_path / "data"))
    laptop, phone = (
        {visitor_cookie.COOKIE: signer.sign(name).decode()} for name in ("laptop", "phone")
    )
    tabs = [users.identify(cookies, ANN) for cookies in (laptop, laptop, phone)]
    first, second, other = (tab for tab in tabs if tab is not None)
    users.sign_out(first)
    assert [users.is_still_signed_in(tab) for tab in (first, second, other)] == [False, False, True]
    with pytest.raises(errors.SignedOut):
        users.check_signed_in(second)
    again = users.identify(laptop, ANN)
    assert again is not None
    assert users.is_still_signed_in(again)


def test_a_login_that_has_been_signed_out_is_worthless_in_every_copy_and_replica(
    tmp_path: Path,
) -> None:
    store = Store()
    one, two = (_people(tmp_path, store, **OIDC) for _ in range(2))
    kept, other = ANN | {"nonce": "of one login"}, ANN | {"nonce": "of another login"}
    tab, copy = one.identify({}, kept), two.identify({}, kept)
    assert tab is not None
    assert copy is not None
    one.sign_out(tab)
    two.sign_outs.sync()
    assert not two.is_still_signed_in(copy)
    for users in (one, two, _synced(_people(tmp_path, store, **OIDC))):
        assert users.identify({}, kept) is None
        assert users.identify({}, other) is not None


def _synced(users: Users) -> Users:
    users.sign_outs.sync()
    return users


def test_a_sign_out_counts_at_once_and_is_saved_when_the_database_is_back(tmp_path: Path) -> None:
    class Away(Store):
        def save_sign_outs(self, times: Mapping[str, float], forget_before: float) -> None:
            raise HistoryUnavailable

    users, store = _people(tmp_path, Away(), **OIDC), Store()
    login = ANN | {"nonce": "of one login"}
    tab = users.identify({}, login)
    assert tab is not None
    users.sign_out(tab)
    assert not users.is_still_signed_in(tab)
    users.sign_outs._store = store
    users.sign_outs.sync()
    assert _synced(_people(tmp_path, store, **OIDC)).identify({}, login) is None


def test_a_browser_whose_cookie_is_foreign_is_known_by_what_its_tab_sends(tmp_path: Path) -> None:
    users = _people(tmp_path)
    foreign = {visitor_cookie.COOKIE: "ann.c2lnbmF0dXJl"}
    tab = users.identify(foreign, {})
    assert tab is not None
    assert (tab.has_foreign_cookie, tab.lasting) == (True, False)
    assert (
        _user_id(users.identify(foreign, {}, credential=users.make_credential(tab))) == tab.user_id
    )


Through = Callable[..., str]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat that believes a proxy on 127.0.0.2."""
    folder = tmp_path_factory.mktemp("proxied") / "data"
    proxy: dict[str, Any] = {**PROXY}
    with FakeOllama() as fake, Served(fake.url, folder, **proxy) as served:
        yield served


@pytest.fixture
def through(loop: LoopThread, proxied: Served) -> Iterator[Through]:
    """That chat's address behind a proxy: `through("ann", address=…)`."""
    with ExitStack() as proxies:

        def start(*users: str, address: str = "127.0.0.2") -> str:
            proxy = SigningProxy(loop, proxied.port, *users, address=address)
            return proxies.enter_context(proxy).url

        yield start


def test_a_proxys_user_finds_the_history_on_each_device(through: Through) -> None:
    anns, bobs = through("ann"), through("bob")
    with StreamlitUser(anns, timeout=60) as laptop:
        assert "ann" in laptop.text()
        laptop.ask("From my laptop")
    with StreamlitUser(anns, timeout=60) as phone:
        phone.wait_for(lambda: "From my laptop" in phone.conversations())
    with StreamlitUser(bobs, timeout=60) as bob:
        assert "bob" in bob.text()
        assert "From my laptop" not in bob.conversations()


@pytest.mark.parametrize(
    ("users", "address"),
    [
        ((), "127.0.0.2"),
        (("ann",), "127.0.0.3"),
        (("ann", "bob"), "127.0.0.2"),
        (("",), "127.0.0.2"),
    ],
)
def test_without_a_header_to_believe_the_page_says_so_and_nothing_else(
    through: Through, users: tuple[str, ...], address: str
) -> None:
    user = StreamlitUser(through(*users, address=address), timeout=60)
    user.connect(wait_for_input=False)
    assert user.alerts().startswith("You are not signed in.")
    assert not user.session.tree.elements("chat_input")
    assert not user.has_button("new")
    user.close()


def test_forwarded_headers_are_believed_from_the_named_proxies_alone(
    serve: Callable[..., Served],
) -> None:
    served = serve(trusted_proxies="127.0.0.2")
    for address, secure in (("127.0.0.2", True), ("127.0.0.3", False)):
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
            page = client.get(served.url, headers={"X-Forwarded-Proto": "https"})
        assert ("Secure" in page.headers["set-cookie"]) is secure


def test_behind_https_every_cookie_is_for_https_alone(serve: Callable[..., Served]) -> None:
    served = serve(public_url="https://chat.example.org")
    for path in ("/", "/_stcore/health"):
        cookies = httpx.get(served.url + path).headers.get_list("set-cookie")
        assert cookies
        assert all("Secure" in cookie for cookie in cookies)


MAKE_THE_APP = """
import sys
from chatbot import settings
from chatbot.web import server
server.create_app(settings.load())
print("authlib" in sys.modules)
"""


def test_who_needs_no_login_does_not_pay_for_it(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-c", MAKE_THE_APP],
        cwd=ROOT,
        env=environment(data_dir=tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.split() == ["False"]
