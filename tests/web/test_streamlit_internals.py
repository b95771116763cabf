"""What the server uses of Streamlit beyond its documentation: options, logs, a login."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config, file_util
from streamlit.web.server.starlette import starlette_app
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from chatbot.web import server, streamlit_internals

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


def test_streamlit_speaks_through_the_chats_log(caplog: pytest.LogCaptureFixture) -> None:
    streamlit_internals.share_log()
    log = logging.getLogger("streamlit.runtime.runtime")
    log.warning("odd")
    assert "odd" in caplog.messages
    assert not log.handlers


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
