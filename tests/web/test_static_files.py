"""The page's scripts, styles and fonts as a browser gets them: whole, small, and only once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.web import static_files, streamlit_internals

FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of a script, a font, and something beside it that is nobody's."""
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "chat-A1.js").write_text("export const a = 1;" * 100)
    (folder / "font-B2.woff2").write_bytes(b"font")
    (tmp_path / "secret.js").write_text("hidden")
    monkeypatch.setattr(static_files, "ASSETS", folder)
    return folder


@pytest.fixture
def client() -> TestClient:
    """A browser."""
    return TestClient(Starlette(routes=static_files.ROUTES))


def test_a_script_is_kept_for_ever_and_has_its_type(assets: Path, client: TestClient) -> None:
    response = client.get("/assets/chat-A1.js")
    assert response.headers["cache-control"] == FOREVER
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, zstd;q=0", "gzip"),
        ("br", ""),
        ("", ""),
    ],
)
def test_a_script_comes_as_the_browser_can_read_it(
    assets: Path, client: TestClient, accepted: str, coding: str
) -> None:
    with client.stream(
        "GET", "/assets/chat-A1.js", headers={"Accept-Encoding": accepted}
    ) as response:
        sent = b"".join(response.iter_raw())
    script = (assets / "chat-A1.js").read_bytes()
    readers: dict[str, Callable[[bytes], bytes]] = {
        "zstd": zstandard.decompress,
        "gzip": gzip.decompress,
        "": bytes,
    }
    assert response.headers.get("content-encoding", "") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert readers[coding](sent) == script
    assert not coding or len(sent) < len(script) / 5


def test_a_font_is_sent_as_it_is(assets: Path, client: TestClient) -> None:
    response = client.get("/assets/font-B2.woff2")
    assert response.content == b"font"
    assert response.headers["content-type"] == "font/woff2"
    assert response.headers["cache-control"] == FOREVER
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("name", ["chat-C3.js", "%2e%2e/secret.js", "..%2fsecret.js", ""])
def test_there_is_nothing_else(assets: Path, client: TestClient, name: str) -> None:
    for folder in ("assets", "static"):
        assert client.get(f"/{folder}/{name}").status_code == 404


def test_streamlits_files_are_served_the_same_way(client: TestClient) -> None:
    script = next((streamlit_internals.STATIC_FILES / "js").glob("index.*.js"))
    response = client.get(f"/static/js/{script.name}", headers={"Accept-Encoding": "gzip"})
    assert response.content == script.read_bytes()
    assert int(response.headers["content-length"]) < len(response.content) / 3
    assert response.headers["cache-control"] == FOREVER


def test_of_streamlits_icons_those_that_are_used_are_sent(client: TestClient) -> None:
    name = streamlit_internals.find_icon_font().name
    response = client.get(f"/static/media/{name}")
    assert response.content == static_files.ICONS.read_bytes()
    assert response.headers["cache-control"] == FOREVER


def test_the_bundle_is_there_with_what_it_says_that_the_page_loads() -> None:
    entry = json.loads((static_files.ASSETS / "entry.json").read_text(encoding="utf-8"))
    assert (static_files.ASSETS / entry["script"]).is_file()
    assert (static_files.ASSETS / entry["style"]).is_file()
