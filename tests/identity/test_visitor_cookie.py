"""A visitor is known by a cookie that nobody else can make."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chatbot.identity import visitor_cookie
from chatbot.identity.visitor_cookie import COOKIE, VisitorCookie
from chatbot.settings import Settings
from tests.support.product import ROOT, LoopThread, environment


def _page(request: object) -> Response:
    return HTMLResponse("<p>A page")


def _app(settings: Settings) -> Starlette:
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/_stcore/frame", _page),
            Route("/livez", lambda request: JSONResponse({})),
        ],
        middleware=[Middleware(VisitorCookie, signer=visitor_cookie.make_signer(settings))],
    )


class Browser:
    """A browser that keeps the cookies it gets; headers are sent byte for byte."""

    def __init__(self, settings: Settings, loop: LoopThread, url: str = "http://chat") -> None:
        transport = httpx.ASGITransport(_app(settings))
        self._client = httpx.AsyncClient(transport=transport, base_url=url)
        self._loop = loop
        self.cookies = self._client.cookies

    def get(self, path: str = "/", cookie: bytes | None = None) -> httpx.Response:
        """A page; `cookie` takes the place of those kept."""
        headers = None if cookie is None else [(b"cookie", cookie)]
        return self._loop.run(self._client.get(path, headers=headers))


@pytest.fixture
def browser(settings: Settings, loop: LoopThread) -> Browser:
    """A browser that has not been here yet."""
    return Browser(settings, loop)


def _set(response: httpx.Response) -> Morsel[str] | None:
    return SimpleCookie(response.headers.get("set-cookie", "")).get(COOKIE)


def test_the_first_page_sets_a_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    cookie = _set(browser.get())
    assert cookie is not None
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 365 * 24 * 3600
    assert not cookie["secure"]


def test_over_https_the_cookie_is_secure(settings: Settings, loop: LoopThread) -> None:
    cookie = _set(Browser(settings, loop, "https://chat").get())
    assert cookie is not None
    assert cookie["secure"]


def test_a_visitor_keeps_the_cookie_and_another_gets_another(
    browser: Browser, settings: Settings
) -> None:
    assert _set(browser.get())
    first = visitor_cookie.read_visitor_id(
        dict(browser.cookies), visitor_cookie.make_signer(settings)
    )
    assert _set(browser.get()) is None
    browser.cookies.clear()
    assert _set(browser.get())
    second = visitor_cookie.read_visitor_id(
        dict(browser.cookies), visitor_cookie.make_signer(settings)
    )
    assert first
    assert second
    assert first != second


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


@pytest.mark.parametrize("value", [*(one.encode() for one in FORGED), b"ann.\xff\xfe", b"\xff"])
def test_a_visitor_with_a_forged_cookie_gets_a_new_one(browser: Browser, value: bytes) -> None:
    response = browser.get(cookie=COOKIE.encode() + b"=" + value)
    assert response.status_code == 200
    assert _set(response)


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
            Settings(data_dir=tmp_path / name, cookie_secret=SecretStr("shared"))
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
