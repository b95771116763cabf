"""The chat behind proxies: which of them may say who the user is, and cookies for https alone."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from chatbot.settings import Settings
from chatbot.web.proxy import make_middleware
from tests.support.fake_ollama.server import FakeOllama, stall
from tests.support.product import Served
from tests.support.signing_proxy import HEADER

USER = [(HEADER, "ann")]


async def _tell(request: Request) -> Response:
    """Answer with what came, and with two cookies."""
    response = JSONResponse({"users": request.headers.getlist(HEADER)})
    response.set_cookie("plain", "1")
    response.set_cookie("safe", "2", secure=True)
    return response


async def _tell_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json(socket.headers.getlist(HEADER))


def _client(folder: Path, peer: str, **variables: Any) -> TestClient:
    settings = Settings(data_dir=folder, **variables)
    routes = [Route("/", _tell), WebSocketRoute("/stream", _tell_socket)]
    app = Starlette(routes=routes, middleware=make_middleware(settings))
    return TestClient(app, client=(peer, 5000))


def _behind(folder: Path, peer: str) -> TestClient:
    return _client(folder, peer, user_header=HEADER, trusted_proxies="10.0.0.0/8")


@pytest.mark.parametrize(
    ("peer", "headers", "believed"),
    [
        ("10.1.2.3", USER, ["ann"]),
        ("10.1.2.3", [*USER, (HEADER.lower(), "bob")], []),
        ("192.0.2.1", USER, []),
        ("no address", USER, []),
        ("10.1.2.3", [], []),
    ],
)
def test_a_users_name_is_believed_once_from_a_trusted_proxy(
    tmp_path: Path, peer: str, headers: list[tuple[str, str]], believed: list[str]
) -> None:
    client = _behind(tmp_path, peer)
    assert client.get("/", headers=headers).json() == {"users": believed}


def test_a_page_that_is_not_believed_is_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = _behind(tmp_path, "192.0.2.1")
    with (
        caplog.at_level(logging.WARNING),
        client.websocket_connect("/stream", headers=dict(USER)) as socket,
    ):
        assert socket.receive_json() == []
    assert "ignored x-forwarded-user from 192.0.2.1: not in TRUSTED_PROXIES" in caplog.messages


@pytest.mark.parametrize(("url", "is_secure"), [("https://a.example", True), ("http://a", False)])
def test_over_https_each_cookie_is_for_https_alone(
    tmp_path: Path, url: str, is_secure: bool
) -> None:
    response = _client(tmp_path, "192.0.2.1", public_url=url).get("/")
    plain, safe = response.headers.get_list("set-cookie")
    assert ("Secure" in plain) == is_secure
    assert safe.count("Secure") == 1


@pytest.mark.configured(max_answers=2, trusted_proxies="127.0.0.1")
def test_each_address_beyond_a_trusted_proxy_has_its_own_share(
    served: Served, fake: FakeOllama
) -> None:
    def ask(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        url = f"{served.url}/generate_text"
        return httpx.post(url, json={"prompt": "Hi"}, headers=headers, timeout=60).status_code

    fake.fail(stall(0))
    with ThreadPoolExecutor() as threads:
        first = threads.submit(ask, "192.0.2.1")
        fake.wait_for(lambda now: now.active == 1)
        assert ask("192.0.2.1") == 429
        assert ask("192.0.2.2") == 200
        fake.resume()
    assert first.result() == 200


def test_a_trusted_proxy_says_that_it_was_https(tmp_path: Path) -> None:
    told = {"X-Forwarded-Proto": "https"}
    for peer, is_secure in (("10.0.0.1", True), ("192.0.2.1", False)):
        client = _client(tmp_path, peer, trusted_proxies="10.0.0.0/8")
        plain, _ = client.get("/", headers=told).headers.get_list("set-cookie")
        assert ("Secure" in plain) == is_secure


@pytest.mark.parametrize(
    ("peer", "host", "proto", "status"),
    [
        ("10.0.0.1", "chat.example.org", "http", 308),
        ("10.0.0.1", "chat.example.org", "https", 200),
        ("10.0.0.1", "10.1.2.3:8501", "http", 200),
        ("10.0.0.1", "chat.example.org", "", 200),
        ("192.0.2.1", "chat.example.org", "http", 200),
    ],
    ids=["over http", "over https", "another name", "a probe", "a proxy that is not trusted"],
)
def test_who_comes_to_the_public_address_over_http_is_led_to_https(
    tmp_path: Path, peer: str, host: str, proto: str, status: int
) -> None:
    url = "https://chat.example.org"
    client = _client(tmp_path, peer, trusted_proxies="10.0.0.0/8", public_url=url)
    headers = {"Host": host, "X-Forwarded-Proto": proto}
    response = client.get("/?c=1", headers=headers, follow_redirects=False)
    assert response.status_code == status
    assert response.headers.get("location") == (f"{url}/?c=1" if status == 308 else None)
