"""What the server uses of Streamlit beyond its documentation: options, logs, a login."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.requests import Request
from streamlit import config
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
