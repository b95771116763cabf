"""Who comes by another name, from another page or with another's session gets nothing."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidHandshake

from chatbot.web import api, downloads, index_page, openapi, static_files, transcript
from tests.support.product import Served
from tests.support.stranger import Stranger, read_answer, send_raw, shake_hands

pytestmark = pytest.mark.trials

Enter = Callable[[Served], Stranger]

HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "localhost.evil.example:{port}",
    "127.0.0.1.evil.example",
    "127.0.0.1:{port}@evil.example",
    "evil.example@127.0.0.1:{port}",
    "localhost, evil.example",
    "10.0.0.1:{port}",
    "[::1",
    "[::ffff:10.0.0.1]",
    "ⓛocalhost",
]
ORIGINS = [
    "http://evil.example",
    "http://evil.example:{port}",
    "http://localhost:1",
    "http://127.0.0.1",
    "http://127.0.0.1.evil.example:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}0",
    "null",
    "file://",
    "http://[",
    "chrome-extension://abcdefgh",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/readyz", "/_stcore/stream", "/conversations/export.json"])
def test_a_name_that_is_not_ours_gets_nothing(hall: Served, host: str, path: str) -> None:
    named = host.format(port=hall.port).encode()
    for method in (b"GET", b"POST"):
        head = b"%b %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (method, path.encode(), named)
        assert 400 <= send_raw(hall.url, head) < 500
    if host.isascii():
        assert 400 <= shake_hands(hall.url, Host=named.decode()) < 500


def test_two_names_at_once_are_none(hall: Served) -> None:
    ours = urlsplit(hall.url).netloc
    head = f"GET / HTTP/1.1\r\nHost: {ours}\r\nHost: evil.example\r\n\r\n"
    assert 400 <= send_raw(hall.url, head.encode()) < 500
    absolute = f"GET http://evil.example/ HTTP/1.1\r\nHost: {ours}\r\nConnection: close\r\n\r\n"
    assert "evil.example" not in read_answer(hall.url, absolute.encode())


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_page_gets_nothing(hall: Served, origin: str) -> None:
    origin = origin.format(port=hall.port)
    assert shake_hands(hall.url, Origin=origin) == 403
    for method, path in (
        ("POST", "/generate_text"),
        ("POST", "/generations/a/stop"),
        ("PUT", "/_stcore/upload_file/a/b"),
        ("GET", "/conversations/export.json"),
    ):
        answer = httpx.request(method, hall.url + path, headers={"Origin": origin})
        assert answer.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in answer.headers


def test_our_own_page_is_let_in(hall: Served) -> None:
    for name in ("127.0.0.1", "localhost"):
        ours = f"{name}:{hall.port}"
        assert shake_hands(hall.url, Host=ours, Origin=f"http://{ours}") == 101


GUARDS = {
    "content-security-policy": ("img-src", "frame-ancestors 'none'", "object-src 'none'"),
    "x-content-type-options": ("nosniff",),
    "referrer-policy": ("no-referrer",),
    "permissions-policy": ("",),
}
# All that is served, by its address: each path of the routes with something for its fields.
PLACES = [
    re.sub(r"{\w+(:path)?}", "none", route.path)
    for route in (
        *(*api.ROUTES, *openapi.ROUTES, *downloads.ROUTES, *transcript.ROUTES),
        *(*index_page.make_routes(1), *static_files.ROUTES),
    )
]
FILES = [f"/assets/{file.name}" for file in static_files.ASSETS.iterdir()][:3]
REQUESTS = [
    "GET /",
    "GET /livez",
    "GET /readyz",
    "GET /openapi.json",
    "GET /_stcore/health",
    "GET /_stcore/host-config",
    "GET /media/none",
    "GET /component/none",
    "GET /static/none.js",
    "GET /no-such-page",
    "GET /%00",
    "GET /conversations/none/messages",
    "GET /conversations/export.json",
    "GET /attachments/none",
    "DELETE /generate_text",
    "POST /generate_text",
    "OPTIONS /",
    "PUT /_stcore/upload_file/a/b",
    "TRACE /",
    *(f"GET {path}" for path in sorted({*FILES, *PLACES})),
    "GET /" + "a" * 70_000,
    "nonsense",
]


@pytest.mark.parametrize("request_line", REQUESTS)
@pytest.mark.parametrize("host", ["{ours}", "evil.example"])
def test_each_answer_guards_the_browser(hall: Served, request_line: str, host: str) -> None:
    named = host.format(ours=urlsplit(hall.url).netloc)
    data = f"{request_line} HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n"
    head = read_answer(hall.url, data.encode()).partition("\r\n\r\n")[0].lower()
    told = [line.split(": ", 1) for line in head.split("\r\n")[1:]]
    assert "server" not in dict(told)
    policies = [value for name, value in told if name == "content-security-policy"]
    assert all("frame-ancestors 'none'" in policy for policy in policies)
    for name, parts in GUARDS.items():  # a browser keeps to all policies that it is told
        values = " ".join(value for other, value in told if other == name) or "-"
        assert all(part in values for part in parts), name


@pytest.mark.parametrize(
    "kind",
    [
        "load_git_info",
        "clear_cache",
        "set_run_on_save",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
    ],
)
def test_what_our_page_never_says_is_not_heard(hall: Served, enter: Enter, kind: str) -> None:
    tab = enter(hall)
    message = BackMsg()
    setattr(message, kind, True)
    tab.send(message)
    tab.is_closed_within(0.5)
    assert not {"git_info_changed", "session_status_changed"} & set(tab.kinds)
    assert enter(hall).text()


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"\x0a", b"text", bytes(1000)])
def test_a_message_that_is_none_hurts_nobody(hall: Served, enter: Enter, data: bytes) -> None:
    tab = enter(hall)
    tab.send(data)
    tab.is_closed_within(0.5)
    assert enter(hall).text()


def test_the_id_of_a_session_is_worth_nothing_to_others(hall: Served, enter: Enter) -> None:
    owner, thief = enter(hall), enter(hall)
    assert owner.ask("A secret matter").text
    thief.session._id = stolen = owner.session_id
    with contextlib.suppress(OSError, InvalidHandshake):
        runs = thief.session.runs_finished
        thief.session.reconnect(10)
        thief.wait_for(lambda: thief.session.runs_finished > runs, "it is drawn")
        assert thief.session_id != stolen
    assert not thief.conversations() and not thief.transcript()
    assert owner.ask("It goes on").text


def test_a_file_is_put_where_its_own_session_was_told_to(hall: Served, enter: Enter) -> None:
    owner, other = enter(hall), enter(hall)
    (urls,) = owner.ask_for_addresses(["a.txt"])
    assert other.put(urls.upload_url, b"Not mine") in range(400, 500)
    made_up = f"_stcore/upload_file/{owner.session_id}/made-up"
    assert owner.put(made_up, b"Of mine") in range(400, 500)
    assert owner.put(urls.upload_url, b"Mine") in range(200, 300)


def test_addresses_for_very_many_files_are_not_given(hall: Served, enter: Enter) -> None:
    assert len(enter(hall).ask_for_addresses([f"{n}.txt" for n in range(1000)])) <= 100
