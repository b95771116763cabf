"""The page's HTML: in the reader's language, installable, sent anew only when it has changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.web import index_page, page_texts


@pytest.fixture
def client() -> TestClient:
    """A browser."""
    return TestClient(Starlette(routes=index_page.make_routes(max_file_mb=7)))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("zh-CN", "zh"), ("en", "en"), ("fi", "en"), ("", "en")],
)
def test_the_page_is_in_the_readers_language(
    client: TestClient, accepted: str, language: str
) -> None:
    response = client.get("/", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}" ' in response.text
    assert response.headers["vary"] == "Accept-Language, Accept-Encoding"
    assert "<title>Chat</title>" in response.text
    assert 'data-max-file-mb="7"' in response.text


def _read_texts(page: str) -> dict[str, object]:
    (found,) = re.findall(r'<script type="application/json" id="chat-texts">(.*?)</script>', page)
    texts: dict[str, object] = json.loads(found)
    return texts


def test_the_scripts_find_their_sentences_in_the_page(client: TestClient) -> None:
    texts = _read_texts(client.get("/", headers={"Accept-Language": "de"}).text)
    assert texts["copy"] == "Kopieren"
    assert texts["thought_for"] == [
        "{count} Sekunde nachgedacht",
        "{count} Sekunden nachgedacht",
    ]
    assert texts["streamlit"]["Close"] == "Schließen"  # type: ignore[index]


def test_a_sentence_cannot_end_the_script_that_holds_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(page_texts.TEXTS, "copy", "</script><b>")
    index_page._make_page.cache_clear()
    texts = _read_texts(client.get("/").text)
    index_page._make_page.cache_clear()
    assert texts["copy"] == "</script><b>"


def test_our_script_comes_before_streamlits(client: TestClient) -> None:
    scripts = re.findall(r'<script type="module"[^>]*src="([^"]+)"', client.get("/").text)
    assert scripts[0] == f"./assets/{index_page.read_entry().script}"
    assert scripts[1].startswith("./static/js/index.")
    assert len(scripts) == 2


def test_a_page_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/")
    asked = {"If-None-Match": first.headers["etag"]}
    assert client.get("/", headers=asked).status_code == 304
    german = client.get("/", headers={**asked, "Accept-Language": "de"})
    assert german.status_code == 200
    assert first.headers["cache-control"] == "no-cache"


def test_the_page_can_be_installed_as_an_app(client: TestClient) -> None:
    response = client.get("/manifest.webmanifest")
    assert response.headers["content-type"] == "application/manifest+json"
    (icon,) = response.json()["icons"]
    image = client.get(icon["src"].removeprefix("."))
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.text.startswith("<svg")
    assert client.get("/favicon.png").text == image.text


def test_without_the_bundle_the_start_says_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_page, "ASSETS", tmp_path)
    with pytest.raises(index_page.NotBuilt, match="make frontend"):
        index_page.read_entry()
