"""What a request says of its user, by the way in which people sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request

from chatbot.identity.users import USER
from chatbot.settings import Settings
from chatbot.web.claims import read_claims
from tests.support.signing_proxy import HEADER

SIGNED = Request({"type": "http", "headers": [(HEADER.lower().encode(), b"ann")]})


def test_without_a_login_a_request_says_nothing(tmp_path: Path) -> None:
    assert read_claims(SIGNED, Settings(data_dir=tmp_path)) == {}


def test_behind_a_proxy_the_header_names_the_user(tmp_path: Path) -> None:
    behind: dict[str, Any] = {"user_header": HEADER, "trusted_proxies": "10.0.0.1"}
    settings = Settings(data_dir=tmp_path, **behind)
    assert read_claims(SIGNED, settings) == {USER: "ann"}
