"""Which names are the chat's own, and whose pages may ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from chatbot.settings import Settings
from chatbot.web.gate.errors import NotLetIn
from chatbot.web.gate.hosts import Hosts

NETWORK = {"bind_host": "0.0.0.0"}
PUBLIC = {"public_url": "https://chat.example.org"}
NAMED = {"allowed_hosts": "chat.lan,*.example.net"}


def _judge(folder: Path, settings: dict[str, Any], scheme: str, *headers: tuple[str, str]) -> str:
    """Return why a request with these headers is refused, "" when it is let in."""
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "scheme": scheme, "headers": sent}
    try:
        Hosts(Settings(data_dir=folder, **settings)).check(HTTPConnection(scope))
    except NotLetIn as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("settings", "host", "is_own"),
    [
        ({}, "localhost:8501", True),
        ({}, "127.0.0.1:8501", True),
        ({}, "127.9.9.9", True),
        ({}, "[::1]:8501", True),
        ({}, "LocalHost.:8501", True),
        ({}, "evil.example:8501", False),
        ({}, "localhost.evil.example", False),
        ({}, "192.0.2.7:8501", False),
        ({}, "local host", False),
        ({}, "localhost:8501@evil.example", False),
        ({"bind_host": "[::1]"}, "evil.example", False),
        (PUBLIC, "chat.example.org", True),
        (PUBLIC, "other.example.org", False),
        (NAMED, "chat.lan:8501", True),
        (NAMED, "a.b.example.net", True),
        (NAMED, "example.net", False),
        ({"allowed_hosts": "*"}, "evil.example", True),
        (NETWORK, "any.example", True),
        (NETWORK | PUBLIC, "chat.example.org", True),
        (NETWORK | PUBLIC, "evil.example", False),
        (NETWORK | PUBLIC, "10.0.0.7:8501", True),
        (NETWORK | PUBLIC, "[fd00::7]:8501", True),
        (NETWORK | NAMED, "localhost:8501", True),
        (NETWORK | NAMED, "chat.example.org", False),
    ],
)
def test_a_name_is_the_chats_own_or_refused(
    tmp_path: Path, settings: dict[str, Any], host: str, is_own: bool
) -> None:
    expected = "" if is_own else "foreign_host"
    assert _judge(tmp_path, settings, "http", ("Host", host)) == expected


def test_two_names_at_once_are_none(tmp_path: Path) -> None:
    both = [("Host", "localhost"), ("Host", "evil.example")]
    assert _judge(tmp_path, {}, "http", *both) == "foreign_host"


def test_a_probe_that_names_no_host_is_let_in_and_a_page_is_not(tmp_path: Path) -> None:
    assert _judge(tmp_path, {}, "http") == ""
    page = ("Origin", "http://localhost:8501")
    assert _judge(tmp_path, {}, "http", page) == "foreign_origin"


@pytest.mark.parametrize(
    ("settings", "scheme", "host", "origin", "is_own"),
    [
        ({}, "ws", "localhost:8501", "http://localhost:8501", True),
        ({}, "ws", "localhost:8501", "http://localhost:9999", False),
        ({}, "ws", "localhost:8501", "http://localhost", False),
        ({}, "ws", "localhost:8501", "http://127.0.0.1:8501", False),
        ({}, "ws", "localhost", "http://localhost", True),
        ({}, "ws", "localhost", "https://localhost", False),
        ({}, "ws", "localhost:8443", "https://localhost:8443", True),
        ({}, "http", "localhost:8501", "http://evil.example", False),
        ({}, "http", "localhost:8501", "null", False),
        ({}, "http", "localhost:8501", "chrome-extension://abc", False),
        ({}, "http", "localhost:8501", "http://localhost:8501/x", False),
        (NETWORK, "ws", "chat.lan", "https://chat.lan", True),
        (NETWORK, "ws", "chat.lan", "http://chat.lan", True),
        (NETWORK, "ws", "chat.lan:443", "https://chat.lan", True),
        (NETWORK, "ws", "chat.lan:8501", "http://chat.lan:8501", True),
        (NETWORK, "ws", "chat.lan:8501", "http://chat.lan", False),
        (NETWORK, "wss", "chat.lan", "https://chat.lan", True),
        (NETWORK, "wss", "chat.lan", "http://chat.lan", False),
        (NETWORK | PUBLIC, "ws", "10.0.0.7:8501", "https://chat.example.org", True),
        (NETWORK | PUBLIC, "ws", "10.0.0.7:8501", "http://chat.example.org", False),
        (NETWORK | PUBLIC, "ws", "10.0.0.7:8501", "https://evil.example", False),
    ],
)
def test_a_page_is_the_chats_own_or_refused(
    tmp_path: Path, settings: dict[str, Any], scheme: str, host: str, origin: str, is_own: bool
) -> None:
    expected = "" if is_own else "foreign_origin"
    sent = [("Host", host), ("Origin", origin)]
    assert _judge(tmp_path, settings, scheme, *sent) == expected


@pytest.mark.parametrize(
    ("settings", "is_open"), [({}, False), (NETWORK, True), (NETWORK | NAMED, False)]
)
def test_a_chat_on_a_network_that_was_told_no_name_takes_any(
    tmp_path: Path, settings: dict[str, Any], is_open: bool
) -> None:
    assert Hosts(Settings(data_dir=tmp_path, **settings)).is_open == is_open
