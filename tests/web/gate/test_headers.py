"""What each response tells the browser not to do."""

from __future__ import annotations

import base64
import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from chatbot.identity import visitor_cookie
from chatbot.settings import Settings
from chatbot.web.gate.headers import make_headers
from chatbot.web.gate.middleware import Gate
from chatbot.web.gate.tabs import Tabs

HSTS = "strict-transport-security"


def _make(folder: Path, *scripts: str, **settings: Any) -> dict[str, str]:
    made = make_headers(Settings(data_dir=folder, **settings), scripts)
    return {name.lower(): value for name, value in made}


def _read_policy(headers: dict[str, str]) -> dict[str, list[str]]:
    entries = (entry.split() for entry in headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in entries}


def test_the_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    policy = _read_policy(_make(tmp_path))
    assert policy["default-src"] == policy["object-src"] == policy["frame-ancestors"] == ["'none'"]
    allowed = {"'self'", "'none'", "data:", "blob:", "'unsafe-inline'", "'wasm-unsafe-eval'"}
    assert {source for sources in policy.values() for source in sources} <= allowed
    inline = [name for name, sources in policy.items() if "'unsafe-inline'" in sources]
    assert inline == ["style-src"]


def test_a_script_in_the_page_is_known_by_its_hash(tmp_path: Path) -> None:
    digest = base64.b64encode(hashlib.sha256(b"let a").digest()).decode()
    assert f"'sha256-{digest}'" in _read_policy(_make(tmp_path, "let a"))["script-src"]


def test_a_site_may_be_allowed_to_frame_the_chat(tmp_path: Path) -> None:
    policy = _read_policy(_make(tmp_path, frame_ancestors="https://a.example, https://*.b.example"))
    assert policy["frame-ancestors"] == ["https://a.example", "https://*.b.example"]


def test_a_replica_tells_its_name_where_it_is_asked_to(tmp_path: Path) -> None:
    assert "x-served-by" not in _make(tmp_path)
    assert _make(tmp_path, served_by=True)["x-served-by"] == socket.gethostname()


def test_a_chat_with_a_public_https_address_insists_on_https(tmp_path: Path) -> None:
    assert HSTS in _make(tmp_path, public_url="https://chat.example.org")
    assert HSTS not in _make(tmp_path, public_url="http://chat.example.org")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_browser_that_came_by_https_is_told_to_stay_there(tmp_path: Path, scheme: str) -> None:
    settings = Settings(data_dir=tmp_path)
    tabs = Tabs(settings, visitor_cookie.make_signer(settings))
    app = Starlette(
        routes=[Route("/livez", lambda _: PlainTextResponse("alive"))],
        middleware=[Middleware(Gate, settings=settings, tabs=tabs)],
    )
    response = TestClient(app, base_url=f"{scheme}://localhost").get("/livez")
    assert (HSTS in response.headers) == (scheme == "https")
