"""What is served at all, and what of it before sign-in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Route

from chatbot import errors
from chatbot.identity.visitor_cookie import START_ANEW
from chatbot.settings import Settings
from chatbot.web import api, downloads, index_page, openapi, static_files, transcript
from chatbot.web.gate.paths import check_login, check_path
from tests.support.logins import OIDC, PROXY
from tests.support.signing_proxy import HEADER

ROUTES: list[Route] = [
    *api.ROUTES,
    *openapi.ROUTES,
    *downloads.ROUTES,
    *transcript.ROUTES,
    *index_page.make_routes(1),
    *static_files.ROUTES,
]
OWN = [route.path for route in (*downloads.ROUTES, *transcript.ROUTES)]
UPLOAD = "/_stcore/upload_file/tab/file"


def _ask(path: str, kind: str = "http", **headers: str) -> HTTPConnection:
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    path = re.sub(r"{\w+(:path)?}", "x", path)
    return HTTPConnection({"type": kind, "scheme": "http", "path": path, "headers": sent})


@pytest.mark.parametrize(
    "path", [*(route.path for route in ROUTES), UPLOAD, "/auth/login", START_ANEW]
)
def test_each_route_of_the_chat_is_served(path: str) -> None:
    check_path(_ask(path), Settings())


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/_stcore/bidi-components/a/b.js",
        "/_stcore/script-health-check",
        "/_stcore/stream",  # which is a WebSocket
        "/app/static/x",
        "/component/a/b.js",
        "/media/0123.png",
        "/index.html",
        "//livez",
    ],
)
def test_what_else_streamlit_has_is_not_served(path: str) -> None:
    with pytest.raises(HTTPException):
        check_path(_ask(path), Settings())


def test_there_is_one_websocket() -> None:
    check_path(_ask("/_stcore/stream", "websocket"), Settings())
    with pytest.raises(HTTPException):
        check_path(_ask("/livez", "websocket"), Settings())


def _is_let_in(connection: HTTPConnection, folder: Path, **login: Any) -> bool:
    try:
        check_login(connection, Settings(data_dir=folder, **login))
    except errors.SignedOut:
        return False
    return True


@pytest.mark.parametrize("login", [OIDC, PROXY])
@pytest.mark.parametrize("path", [*OWN, UPLOAD])
def test_what_belongs_to_somebody_waits_for_their_login(
    tmp_path: Path, login: dict[str, Any], path: str
) -> None:
    assert not _is_let_in(_ask(path), tmp_path, **login)


@pytest.mark.parametrize("login", [OIDC, PROXY])
@pytest.mark.parametrize("path", ["/", "/static/js/a.js", "/assets/a.js", "/livez", "/auth/login"])
def test_the_way_to_the_login_is_open(tmp_path: Path, login: dict[str, Any], path: str) -> None:
    assert _is_let_in(_ask(path), tmp_path, **login)


def test_who_has_signed_in_is_let_in(tmp_path: Path) -> None:
    assert _is_let_in(_ask(UPLOAD, **{HEADER: "ann"}), tmp_path, **PROXY)


def test_without_a_login_nobody_has_to_sign_in(tmp_path: Path) -> None:
    assert _is_let_in(_ask(UPLOAD), tmp_path)
