"""A visitor is known by a cookie that nobody else can make."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import time
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest
from itsdangerous import Signer
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chatbot.identity import visitor_cookie
from chatbot.identity.visitor_cookie import COOKIE, HTTPS_COOKIE, SecretUnusable, VisitorCookie
from chatbot.settings import Settings
from tests.support.logins import PROXY
from tests.support.product import ROOT, LoopThread, environment


def _page(request: Request) -> Response:
    headers = {"ETag": '"same"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304)
    return HTMLResponse("<p>A page", headers=headers)


def _app(settings: Settings) -> Starlette:
    signer = visitor_cookie.make_signer(settings)
    options = {
        "is_https": settings.public_url.startswith("https"),
        "replaces_foreign": bool(settings.login),
    }
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/_stcore/frame", _page),
            Route("/livez", lambda request: JSONResponse({})),
        ],
        middleware=[Middleware(VisitorCookie, signer=signer, **options)],
    )


class Browser:
    """A browser that keeps the cookies it gets; headers are sent byte for byte."""

    def __init__(
        self, settings: Settings, loop: LoopThread, url: str = "http://chat.example"
    ) -> None:
        transport = httpx.ASGITransport(_app(settings))
        self._client = httpx.AsyncClient(transport=transport, base_url=url)
        self._loop = loop
        self._signer = visitor_cookie.make_signer(settings)
        self.cookies = self._client.cookies

    @property
    def visitor_id(self) -> str | None:
        """Whom its cookies name."""
        return visitor_cookie.read_visitor_id(dict(self.cookies), self._signer)

    def get(self, path: str = "/", cookie: bytes | None = None, etag: str = "") -> httpx.Response:
        """A page; `cookie` takes the place of those kept, `etag` says that it is there already."""
        sent = [] if cookie is None else [(b"cookie", cookie)]
        sent += [(b"if-none-match", etag.encode())] if etag else []
        return self._loop.run(self._client.get(path, headers=sent))

    def start_anew(self, credential: str = "") -> httpx.Response:
        """What the button beside the conversations does."""
        asked = {"visitor": credential} if credential else {}
        return self._loop.run(self._client.post(visitor_cookie.START_ANEW, params=asked))

    def take(self, cookie: str, name: str = COOKIE) -> None:
        """Have this cookie and no other."""
        self.cookies.clear()
        self.cookies.set(name, cookie, domain="chat.example")


@pytest.fixture
def browser(settings: Settings, loop: LoopThread) -> Browser:
    """A browser that has not been here yet."""
    return Browser(settings, loop)


def _set(response: httpx.Response, name: str = COOKIE) -> Morsel[str] | None:
    made = [SimpleCookie(one) for one in response.headers.get_list("set-cookie")]
    return next((cookie[name] for cookie in made if name in cookie), None)


def test_the_first_page_sets_a_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    cookie = _set(browser.get())
    assert cookie is not None
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 365 * 24 * 3600
    assert not cookie["secure"]


@pytest.mark.parametrize(
    ("url", "public_url"),
    [("https://chat.example", ""), ("http://chat.example", "https://chat.example.org")],
)
def test_over_https_no_other_host_can_set_the_cookie(
    tmp_path: Path, loop: LoopThread, url: str, public_url: str
) -> None:
    settings = Settings(data_dir=tmp_path, public_url=public_url)
    response = Browser(settings, loop, url).get()
    cookie = _set(response, HTTPS_COOKIE)
    assert cookie is not None
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert _set(response) is None


def test_a_visitor_of_plain_http_is_the_same_over_https(
    settings: Settings, loop: LoopThread
) -> None:
    plain, safe = Browser(settings, loop), Browser(settings, loop, "https://chat.example")
    plain.get()
    safe.take(plain.cookies[COOKIE])
    moved = safe.get()
    ended = _set(moved)
    assert ended is not None
    assert ended["max-age"] == "0"
    assert safe.visitor_id == plain.visitor_id
    assert list(safe.cookies) == [HTTPS_COOKIE]
    assert "set-cookie" not in safe.get().headers


def test_a_cookie_that_another_host_has_set_is_not_believed_beside_the_safe_one(
    settings: Settings, loop: LoopThread
) -> None:
    mine, other = (Browser(settings, loop, "https://chat.example") for _ in range(2))
    mine.get()
    other.get()
    me = mine.visitor_id
    mine.cookies.set(COOKIE, other.cookies[HTTPS_COOKIE], domain="chat.example")
    mine.get()
    assert mine.visitor_id == me


def test_a_visitor_keeps_the_cookie_and_another_gets_another(browser: Browser) -> None:
    assert _set(browser.get())
    first = browser.visitor_id
    assert _set(browser.get()) is None
    browser.cookies.clear()
    assert _set(browser.get())
    assert first
    assert browser.visitor_id not in (None, first)


DAY_S = 24 * 3600


@pytest.mark.parametrize(("days", "is_renewed"), [(29, False), (31, True), (300, True)])
def test_a_cookie_is_renewed_before_it_ends(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, days: int, is_renewed: bool
) -> None:
    browser.get()
    first, later = browser.visitor_id, time.time() + days * DAY_S
    monkeypatch.setattr(time, "time", lambda: later)
    renewed = _set(browser.get(etag='"same"'))
    assert (renewed is not None) == is_renewed
    assert browser.visitor_id == first
    assert _set(browser.get()) is None


def test_a_page_that_the_browser_has_is_sent_again_only_with_a_cookie(browser: Browser) -> None:
    assert browser.get(etag='"same"').status_code == 200
    assert browser.get(etag='"same"').status_code == 304


def test_a_cookie_of_an_earlier_version_is_known_and_renewed(
    browser: Browser, settings: Settings
) -> None:
    browser.take(visitor_cookie.make_signer(settings).sign("ab" * 16).decode())
    assert _set(browser.get())
    assert browser.visitor_id == "ab" * 16


@pytest.mark.parametrize("path", ["/livez", "/_stcore/frame"])
def test_only_pages_set_the_cookie(browser: Browser, path: str) -> None:
    assert _set(browser.get(path)) is None


FORGED = ["", ".", "ann", "ann.", ".sig", "ann.c2lnbmF0dXJl", "ann.é", "a" * 5000, "%00.\x01"]


@pytest.mark.parametrize("value", FORGED)
def test_a_forged_cookie_is_nobodys(settings: Settings, value: str) -> None:
    assert (
        visitor_cookie.read_visitor_id({COOKIE: value}, visitor_cookie.make_signer(settings))
        is None
    )


@pytest.mark.parametrize("value", [*(one.encode() for one in FORGED[1:]), b"ann.\xff\xfe", b"\xff"])
def test_a_cookie_that_does_not_verify_is_kept_and_the_log_says_what_to_do(
    browser: Browser, caplog: pytest.LogCaptureFixture, value: bytes
) -> None:
    for _ in range(3):
        response = browser.get(cookie=COOKIE.encode() + b"=" + value)
        assert (response.status_code, _set(response)) == (200, None)
    (line,) = caplog.messages
    assert "OLD_COOKIE_SECRET" in line


@pytest.mark.parametrize("secret", ["a" * 32, "b" * 32])
def test_a_visitor_of_two_replicas_stays_who_they_are(
    tmp_path: Path, loop: LoopThread, secret: str
) -> None:
    first, second = (
        Browser(Settings(data_dir=tmp_path / own, cookie_secret=SecretStr(own)), loop)
        for own in ("a" * 32, secret)
    )
    first.get()
    second.take(first.cookies[COOKIE])
    assert _set(second.get()) is None
    assert second.visitor_id == (first.visitor_id if secret == "a" * 32 else None)
    first.take(second.cookies[COOKIE])
    assert _set(first.get()) is None
    assert first.visitor_id


def test_where_people_sign_in_a_foreign_cookie_is_replaced(
    tmp_path: Path, loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(Settings(data_dir=tmp_path, **PROXY), loop)  # type: ignore[arg-type]
    browser.take("ann.c2lnbmF0dXJl")
    assert _set(browser.get())
    assert len(caplog.messages) == 1


def test_who_starts_anew_gets_a_cookie_as_the_visitor_of_their_tab(
    browser: Browser, settings: Settings
) -> None:
    browser.take("ann.c2lnbmF0dXJl")
    browser.start_anew(visitor_cookie.make_signer(settings).sign("ab" * 16).decode())
    assert browser.visitor_id == "ab" * 16


def test_who_starts_anew_with_a_forged_name_is_a_new_visitor(browser: Browser) -> None:
    browser.take("ann.c2lnbmF0dXJl")
    browser.start_anew("ann.c2lnbmF0dXJl")
    assert re.fullmatch("[0-9a-f]{32}", browser.visitor_id or "")


def test_a_cookie_that_is_known_is_never_given_up(browser: Browser, settings: Settings) -> None:
    browser.get()
    first = browser.visitor_id
    browser.start_anew(visitor_cookie.make_signer(settings).sign("ab" * 16).decode())
    assert browser.visitor_id == first


OLD, NEW = "short", "long" * 8


def test_visitors_of_an_old_secret_are_known_and_get_a_cookie_of_the_new_one(
    tmp_path: Path, loop: LoopThread
) -> None:
    old = Signer(OLD, salt=COOKIE).sign("ab" * 16).decode()
    both = Settings(
        data_dir=tmp_path, cookie_secret=SecretStr(NEW), old_cookie_secret=SecretStr(OLD)
    )
    browser = Browser(both, loop)
    browser.take(old)
    assert _set(browser.get())
    assert browser.cookies[COOKIE] != old
    alone = visitor_cookie.make_signer(Settings(data_dir=tmp_path, cookie_secret=SecretStr(NEW)))
    assert visitor_cookie.read_visitor_id(dict(browser.cookies), alone) == "ab" * 16
    assert visitor_cookie.read_visitor_id({COOKIE: old}, alone) is None


def test_the_id_in_a_signed_cookie_cannot_be_changed(browser: Browser, settings: Settings) -> None:
    browser.get()
    value = browser.cookies[COOKIE]
    changed = ("0" if value[0] != "0" else "1") + value[1:]
    assert visitor_cookie.read_visitor_id({COOKIE: value}, visitor_cookie.make_signer(settings))
    assert (
        visitor_cookie.read_visitor_id({COOKIE: changed}, visitor_cookie.make_signer(settings))
        is None
    )


def test_a_signature_made_for_something_else_does_not_count(settings: Settings) -> None:
    signer = visitor_cookie.make_signer(settings)
    value = type(signer)(signer.secret_keys[0], salt="other").sign("ann").decode()
    assert visitor_cookie.read_visitor_id({COOKIE: value}, signer) is None


def test_other_cookies_do_not_get_in_the_way(browser: Browser) -> None:
    browser.get()
    mine = f"a=1; {COOKIE}={browser.cookies[COOKIE]}; b=2"
    browser.cookies.clear()
    assert _set(browser.get(cookie=mine.encode())) is None


SIGN = """
import sys
from chatbot import settings
from chatbot.identity import visitor_cookie
print(visitor_cookie.make_signer(settings.load()).sign("ann").decode())
"""


def _sign_elsewhere(**variables: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SIGN],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_at_once_share_the_secret_in_their_data_dir(tmp_path: Path) -> None:
    processes = [_sign_elsewhere(data_dir=tmp_path / "data") for _ in range(3)]
    signed = {process.communicate()[0].strip() for process in processes}
    assert len(signed) == 1
    signer = visitor_cookie.make_signer(Settings(data_dir=tmp_path / "data"))
    assert visitor_cookie.read_visitor_id({COOKIE: signed.pop()}, signer) == "ann"
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["cookie-secret"]


def test_a_file_system_without_links_keeps_the_secret_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as on exFAT

    monkeypatch.setattr(os, "link", link)
    cookie = visitor_cookie.make_signer(settings).sign("ann").decode()
    assert [file.name for file in settings.data_dir.iterdir()] == ["cookie-secret"]
    elsewhere = _sign_elsewhere(data_dir=settings.data_dir).communicate()[0].strip()
    assert elsewhere == cookie


def test_only_the_chats_user_can_read_the_secret(settings: Settings) -> None:
    visitor_cookie.make_signer(settings)
    mode = (settings.data_dir / "cookie-secret").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_cookie_secret_takes_the_place_of_the_kept_one(tmp_path: Path) -> None:
    one, two = (
        visitor_cookie.make_signer(
            Settings(data_dir=tmp_path / name, cookie_secret=SecretStr("shared" * 6))
        )
        for name in ("one", "two")
    )
    assert two.unsign(one.sign("ann")) == b"ann"
    assert not list(tmp_path.iterdir())


def test_without_a_place_for_the_secret_visitors_are_known_until_the_process_ends(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data_dir=tmp_path / "file" / "data")
    cookie = visitor_cookie.make_signer(settings).sign("ann").decode()
    assert (
        visitor_cookie.read_visitor_id({COOKIE: cookie}, visitor_cookie.make_signer(settings))
        == "ann"
    )


@pytest.mark.parametrize("text", ["", "guess me"])
def test_a_kept_secret_that_somebody_could_guess_stops_the_start(
    settings: Settings, text: str
) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "cookie-secret").write_text(text)
    with pytest.raises(SecretUnusable, match=r"cookie-secret has \d characters, and 32 or more"):
        visitor_cookie.make_signer(settings)
