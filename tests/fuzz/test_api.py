"""Whatever is asked of a route or told by a socket, the chat goes on; its API is as described."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.support.fake_ollama.server import FakeOllama
from tests.support.inputs import damaged, fewer, texts
from tests.support.product import Served
from tests.support.stranger import Stranger, send_raw

_API_KEY = "key-of-the-fuzzing-tests"
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
_OPERATIONS = 11
_PATHS = (
    "/generate_text", "/livez", "/readyz", "/metrics", "/openapi.json",
    "/conversations/{}/messages", "/conversations/{}/export.{}", "/conversations/export.{}",
    "/generations/{}/events", "/generations/{}/stop", "/attachments/{}",
    "/", "/{}", "/{}/{}", "/media/{}", "/component/{}/{}", "/static/{}", "/_stcore/{}",
    "/_stcore/upload_file/{}/{}", "/oauth2callback", "/auth/login", "/auth/logout",
)  # fmt: skip
_HEADERS = (
    "accept-language", "accept-encoding", "authorization", "content-type", "cookie", "host",
    "if-none-match", "if-modified-since", "last-event-id", "origin", "range", "sec-fetch-site",
    "x-forwarded-for", "x-forwarded-proto",
)  # fmt: skip


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running chat for all inputs."""
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    with FakeOllama() as fake, Served(fake.url, folder, api_key=_API_KEY) as served:
        yield served


def test_the_api_answers_as_it_is_described(chat: Served, tmp_path: Path) -> None:
    count = max(1, settings().max_examples // _OPERATIONS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{chat.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {_API_KEY}", "--checks", _CHECKS),
            *("--max-examples", str(count), "--generation-deterministic", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(chat: Served) -> Iterator[httpx.Client]:
    """A client that is a visitor of the chat."""
    with httpx.Client(base_url=chat.url, timeout=20) as client:
        client.get("/")
        yield client


@given(
    method=st.sampled_from(("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")),
    path=st.sampled_from(_PATHS),
    names=st.tuples(texts, texts),
    headers=st.dictionaries(st.sampled_from(_HEADERS), texts, max_size=3),
    query=st.dictionaries(st.sampled_from(("visitor", "last", "c", "code", "state")), texts),
    body=st.binary(),
)
def test_no_request_is_more_than_a_route_can_bear(
    client: httpx.Client,
    method: str,
    path: str,
    names: tuple[str, str],
    headers: dict[str, str],
    query: dict[str, str],
    body: bytes,
) -> None:
    sent = {name.encode(): _as_header(value) for name, value in headers.items()}
    address = path.format(*(quote(name, safe="") for name in names))
    try:
        with client.stream(method, address, headers=sent, params=query, content=body) as answer:
            assert answer.status_code < 500
    except httpx.ProtocolError:  # it is no request of HTTP, which either end says
        pass
    assert client.get("/livez").is_success


def _as_header(value: str) -> bytes:
    return "".join(character for character in value if character >= " ").encode()


_REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n",
    b"POST /generate_text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket"
    b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dHJpYWwgb2Ygb3VyIG93bg==\r\n\r\n",
)


@fewer(by=2)
@given(damaged(*_REQUESTS))
def test_no_bytes_are_more_than_the_server_can_bear(chat: Served, data: bytes) -> None:
    assert send_raw(chat.url, data + b"\r\n\r\n", timeout=0.2) < 500


def _fill(message: Any, field: Any, data: st.DataObject, depth: int) -> None:
    """Give a field of a message a value, and those of a message within it."""
    name = field.name
    if field.message_type is None:
        value = data.draw(_VALUES[field.cpp_type])
        if field.is_repeated:
            getattr(message, name).append(value)
        else:
            setattr(message, name, value)
        return
    inner = getattr(message, name).add() if field.is_repeated else getattr(message, name)
    inner.SetInParent()
    if depth < 4 and field.message_type.fields:
        for part in data.draw(st.lists(st.sampled_from([*field.message_type.fields]), max_size=3)):
            _fill(inner, part, data, depth + 1)


_VALUES: dict[int, st.SearchStrategy[Any]] = {
    1: st.integers(-(2**31), 2**31 - 1),
    2: st.integers(-(2**63), 2**63 - 1),
    3: st.integers(0, 2**32 - 1),
    4: st.integers(0, 2**64 - 1),
    5: st.floats(),
    6: st.floats(width=32),
    7: st.booleans(),
    8: st.just(0),
    9: texts,
}


@pytest.fixture(scope="module")
def tab(chat: Served) -> Iterator[Stranger]:
    """A tab whose messages no browser would send."""
    with Stranger(chat.url) as stranger:
        yield stranger


@fewer(by=2)
@given(st.data())
def test_no_message_is_more_than_the_page_can_bear(
    client: httpx.Client, tab: Stranger, data: st.DataObject
) -> None:
    if tab.session.closed:
        tab.connect()
    field = data.draw(st.sampled_from([*BackMsg.DESCRIPTOR.fields]))
    message = BackMsg()
    _fill(message, field, data, depth=0)
    tab.send(message)
    assert client.get("/livez").is_success


def test_the_chat_answers_after_all_that(chat: Served) -> None:
    with Stranger(chat.url) as somebody:
        assert somebody.ask("Hello").text
