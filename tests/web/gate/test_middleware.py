"""The gate before the product: who is refused reads why, and each response has its headers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.fake_ollama.server import FakeOllama
from tests.support.logins import PROXY
from tests.support.product import Served

STREAM = "/_stcore/stream"
GUARDS = {
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat on loopback that the tests share."""
    folder = tmp_path_factory.mktemp("gate") / "data"
    with FakeOllama() as ollama, Served(ollama.url, folder) as served:
        yield served


def _shake_hands(url: str, origin: str, host: str = "") -> int:
    """Return the status that a WebSocket's handshake is answered with."""
    address = url.replace("http", "ws", 1) + STREAM
    headers = {"Host": host} if host else {}
    try:
        with connect(address, origin=Origin(origin), additional_headers=headers):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


@pytest.mark.parametrize(
    "path",
    ["/", "/livez", "/readyz", "/metrics", "/_stcore/health", "/media/none", "/assets/none",
     "/conversations/export.json", "/attachments/none", "/openapi.json"],
)  # fmt: skip
def test_every_response_has_the_headers(chat: Served, path: str) -> None:
    response = httpx.get(chat.url + path)
    assert [name for name in GUARDS if GUARDS[name] not in response.headers.get(name, "")] == []
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert "x-served-by" not in response.headers


def test_a_request_that_is_none_is_answered_with_the_headers_too(chat: Served) -> None:
    with socket.create_connection(("127.0.0.1", chat.port)) as nonsense:
        nonsense.sendall(b"nonsense\r\n\r\n")
        answer = nonsense.recv(4096).lower()
    assert answer.startswith(b"http/1.1 400")
    assert all(f"{name}: ".encode() in answer for name in GUARDS)


def test_a_name_that_is_not_the_chats_is_told_so(chat: Served) -> None:
    foreign = {"Host": "evil.example:8501"}
    page = httpx.get(chat.url, headers=foreign | {"Accept": "text/html", "Accept-Language": "de"})
    assert page.status_code == 403
    assert page.text.startswith("Dieser Chat heißt nicht evil.example:8501.")
    asked = httpx.post(f"{chat.url}/generate_text", json={"prompt": "Hello"}, headers=foreign)
    assert (asked.status_code, asked.json()["code"]) == (403, "foreign_host")
    assert _shake_hands(chat.url, "http://evil.example:8501", "evil.example:8501") == 403
    assert "refused 127.0.0.1: foreign host 'evil.example:8501' (1 since" in chat.log


def test_another_sites_page_asks_nothing(chat: Served) -> None:
    foreign = {"Origin": "http://localhost:9999"}
    for method, path in (
        ("POST", "/generate_text"),
        ("GET", "/livez"),
        ("POST", "/generations/x/stop"),
    ):
        reply = httpx.request(method, chat.url + path, headers=foreign)
        assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")
    assert _shake_hands(chat.url, "http://localhost:9999") == 403
    assert _shake_hands(chat.url, chat.url) == 101


def test_nobody_outside_is_asked_whose_page_it_is(serve: Callable[..., Served]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        address = f"http://127.0.0.1:{outside.getsockname()[1]}"
        proxies = {"http_proxy": address, "https_proxy": address, "no_proxy": "127.0.0.1"}
        chat = serve(public_url="https://chat.example.org", **proxies)
        assert _shake_hands(chat.url, "http://evil.example") == 403
        assert _shake_hands(chat.url, "https://chat.example.org") == 101
        outside.settimeout(0)
        with pytest.raises(BlockingIOError):
            outside.accept()


@pytest.mark.configured(**PROXY)
def test_before_sign_in_the_page_is_served_and_nothing_of_anybodys(served: Served) -> None:
    for path in ("/", "/livez", "/_stcore/health", "/manifest.webmanifest"):
        assert httpx.get(served.url + path).status_code == 200
    upload = httpx.put(f"{served.url}/_stcore/upload_file/tab/file", files={"file": b"x"})
    assert (upload.status_code, upload.json()["code"]) == (401, "signed_out")
    assert httpx.get(f"{served.url}/conversations/export.json").status_code == 401


@pytest.mark.configured(bind_host="0.0.0.0")
def test_a_chat_on_a_network_says_that_it_takes_any_name(served: Served) -> None:
    assert "any name may lead here" in served.log
    assert httpx.get(served.url, headers={"Host": "any.example"}).status_code == 200
