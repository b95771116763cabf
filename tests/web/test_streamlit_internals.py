"""What the server uses of Streamlit beyond its documentation: options, logs, a login."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config, file_util, net_util
from streamlit.runtime import (
    RuntimeConfig,
    memory_session_storage,
    memory_uploaded_file_manager,
    runtime,
)
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.session_manager import SessionInfo
from streamlit.web.server.starlette import starlette_app, starlette_websocket
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from chatbot.web import server, streamlit_internals
from chatbot.web.streamlit_internals import LostTabs
from tests.support.product import LoopThread

pytestmark = pytest.mark.contract

SECRET = "a secret of at least thirty-two bytes"
ORIGIN = "https://chat.example.org"


def test_the_options_that_the_page_sets_are_streamlits() -> None:
    streamlit_internals.set_options(server._STREAMLIT)
    for name, value in server._STREAMLIT.items():
        assert config.get_option(name) == value


def test_a_section_of_options_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_options_for_section", config.get_options_for_section)
    streamlit_internals.freeze_options()
    theme = config.get_options_for_section("theme")
    assert theme and config.get_options_for_section("theme") is theme


def test_messages_to_the_pages_go_out_together(
    loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "asyncio", asyncio)
    streamlit_internals.send_messages_together()
    sleep = vars(runtime)["asyncio"].sleep
    turns: list[str] = []

    async def send_two() -> None:
        await sleep(0)
        asyncio.get_running_loop().call_soon(turns.append, "another's turn")
        await sleep(0)
        assert not turns
        await sleep(0.001)
        assert turns

    loop.run(send_two())
    assert "asyncio.sleep(0)" in inspect.getsource(runtime.Runtime._loop_coroutine)


def test_streamlit_speaks_through_the_chats_log(caplog: pytest.LogCaptureFixture) -> None:
    streamlit_internals.share_log()
    log = logging.getLogger("streamlit.runtime.runtime")
    log.warning("odd")
    assert "odd" in caplog.messages
    assert not log.handlers


def test_streamlit_judges_no_origin_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = "is_url_from_allowed_origins"
    monkeypatch.setattr(starlette_websocket, judged, vars(starlette_websocket)[judged])
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *_, **__: pytest.fail("asked"))
    streamlit_internals.take_all_origins()
    assert starlette_websocket._is_origin_allowed("https://chat.example.org", "localhost")


def test_streamlit_keeps_whose_tab_it_is() -> None:
    streamlit_internals.trust_headers({"X-User": "user"})
    told = Headers({streamlit_internals.VISITOR_HEADER: "ab12", "X-User": "ann"})
    assert starlette_websocket.gather_user_info(told) == {"visitor": "ab12", "user": "ann"}


def _request(**cookies: str) -> Request:
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Request({"type": "http", "headers": [(b"cookie", sent.encode())]})


def _sign(secret: str) -> str:
    claims = {"origin": ORIGIN, "is_logged_in": True, "email": "ann@example.org"}
    return create_signed_value(secret, USER_COOKIE_NAME, json.dumps(claims)).decode()


def test_who_has_signed_in_is_read_from_streamlits_cookie() -> None:
    streamlit_internals.set_options({"server.cookieSecret": SECRET})
    request = _request(**{USER_COOKIE_NAME: _sign(SECRET)})
    claims = streamlit_internals.read_login(request, ORIGIN)
    assert claims["email"] == "ann@example.org" and claims["is_logged_in"]


def test_a_cookie_that_is_forged_or_of_another_site_says_nothing() -> None:
    streamlit_internals.set_options({"server.cookieSecret": SECRET})
    forged = _request(**{USER_COOKIE_NAME: _sign("another secret of thirty-two bytes ...")})
    assert not streamlit_internals.read_login(forged, ORIGIN)
    signed = _request(**{USER_COOKIE_NAME: _sign(SECRET)})
    assert not streamlit_internals.read_login(signed, "https://evil.example.org")
    assert not streamlit_internals.read_login(_request(), ORIGIN)


def test_streamlits_page_loads_one_script_and_one_style_into_its_root() -> None:
    """Else chatbot/web/index.html lacks what Streamlit's own index.html has got new."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    tags = streamlit_internals.list_page_tags()
    assert sum('<script type="module"' in tag for tag in tags) == 1
    assert sum('rel="stylesheet"' in tag for tag in tags) == 1
    assert '<div id="root"></div>' in page
    others = [
        tag
        for tag in re.findall(r"<script[^>]*>|<link[^>]*>", page)
        if tag + "</script>" not in tags
    ]
    assert len([tag for tag in others if tag not in tags]) == 4  # icon, font, agents, a flag


def test_what_the_first_view_needs_is_loaded_early() -> None:
    tags = "".join(streamlit_internals.list_page_tags())
    for part in streamlit_internals._FIRST_VIEW:
        assert f'rel="modulepreload" crossorigin href="./static/js/{part}.' in tags
    for name in re.findall(r'href="./static/(js/[^"]+)"', tags):
        assert (streamlit_internals.STATIC_FILES / name).is_file()


def test_streamlit_keeps_the_theme_where_the_page_looks_for_it() -> None:
    folder = streamlit_internals.STATIC_FILES / "js"
    scripts = "".join(file.read_text(encoding="utf-8") for file in folder.glob("utils.*.js"))
    assert "stActiveTheme-${window.location.pathname}" in scripts
    assert re.search(r"CACHED_THEME_VERSION:(\w+)", scripts)


def test_our_routes_answer_in_place_of_streamlits_files() -> None:
    streamlit_internals.serve_page_by([Route("/", lambda _: PlainTextResponse("ours"))])
    (mount,) = starlette_app.create_streamlit_static_assets_routes(base_url=None)  # type: ignore[attr-defined]
    client = TestClient(Starlette(routes=[mount]))
    assert client.get("/").text == "ours"
    assert client.get("/index.html").status_code == 404


class _Noted:
    """What becomes of the files of the tabs."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def hand_out(self, session_id: str, file_ids: Iterable[str]) -> None:
        self.calls.append(("hand out", session_id, *file_ids))

    def release(self, session_id: str, file_id: str) -> None:
        self.calls.append(("release", session_id, file_id))

    def forget(self, session_id: str) -> None:
        self.calls.append(("forget", session_id))


def _make_config(monkeypatch: pytest.MonkeyPatch) -> RuntimeConfig:
    """Return what an app would make its runtime of, of which a process has one alone."""
    monkeypatch.setattr("streamlit.runtime.Runtime", lambda config: config)
    page = Path(file_util.get_static_dir()) / "index.html"
    config: Any = starlette_app.App(page)._create_runtime()
    assert isinstance(config, RuntimeConfig)
    return config


def test_what_becomes_of_a_tabs_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = memory_uploaded_file_manager.MemoryUploadedFileManager
    monkeypatch.setattr(memory_uploaded_file_manager, "MemoryUploadedFileManager", kept)
    noted = _Noted()
    streamlit_internals.report_uploads_to(noted)
    files: Any = _make_config(monkeypatch).uploaded_file_manager
    first, second = files.get_upload_urls("tab", ["a.txt", "b.txt"])
    assert first.upload_url.endswith(f"/tab/{first.file_id}")
    files.remove_file("tab", first.file_id)
    files.remove_session_files("tab")
    assert noted.calls == [
        ("hand out", "tab", first.file_id, second.file_id),
        ("release", "tab", first.file_id),
        ("forget", "tab"),
    ]


class _Tab:
    """A tab of which it is told when it has ended."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.ended = asyncio.Event()

    def shutdown(self) -> None:
        self.ended.set()


def _lose(tabs: LostTabs, *names: str) -> list[_Tab]:
    lost = [_Tab(name) for name in names]
    for tab in lost:
        tabs.save(SessionInfo(client=None, session=cast(AppSession, tab)))
    return lost


def test_streamlit_keeps_lost_tabs_in_our_store(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = memory_session_storage.MemorySessionStorage
    monkeypatch.setattr(memory_session_storage, "MemorySessionStorage", kept)
    streamlit_internals.end_lost_tabs()
    assert isinstance(_make_config(monkeypatch).session_storage, LostTabs)


def test_a_lost_tab_ends_when_nobody_comes_back(loop: LoopThread) -> None:
    async def run() -> None:
        tabs = LostTabs(ttl_seconds=0)
        (tab,) = _lose(tabs, "a")
        assert [info.session.id for info in tabs.list()] == ["a"]
        await asyncio.wait_for(tab.ended.wait(), 20)
        assert tabs.get("a") is None

    loop.run(run())


def test_one_that_is_found_again_does_not(loop: LoopThread) -> None:
    async def run() -> None:
        tabs = LostTabs(ttl_seconds=0)
        found, other = _lose(tabs, "a", "b")
        assert tabs.get("a") is not None
        tabs.delete("a")
        await asyncio.wait_for(other.ended.wait(), 20)
        assert not found.ended.is_set()

    loop.run(run())


def test_of_too_many_the_oldest_ends(loop: LoopThread) -> None:
    async def run() -> None:
        tabs = LostTabs(maxsize=2)
        first, second, third = _lose(tabs, "a", "b", "c")
        assert (first.ended.is_set(), second.ended.is_set()) == (True, False)
        for tab in second, third:
            tabs.delete(tab.id)

    loop.run(run())
