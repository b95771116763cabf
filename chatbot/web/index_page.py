"""The page's HTML: Streamlit's scripts within ours, in the language and the colours of the reader.

Streamlit's own index.html says English, "Streamlit" and white until its scripts have run.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from chatbot import errors
from chatbot.i18n.translator import Translator, choose_translator, load_translator
from chatbot.web import page_texts, streamlit_internals
from chatbot.web.static_files import ASSETS, choose_coding, compress

_TEMPLATE = Path(__file__).with_name("index.html")
_ICON = Path(__file__).parents[1] / "page" / "icon.svg"


class NotBuilt(errors.ChatError):
    """The scripts of the page are missing; only who starts the chat reads this."""

    texts: ClassVar = {
        "front_end_not_built": (
            "The page's scripts are not built: run `make frontend`, then start the chat again."
        )
    }


@dataclass(frozen=True)
class Entry:
    """The names of the bundle's first files."""

    script: str
    style: str


def read_entry() -> Entry:
    """Return what the page loads of the bundle; raises NotBuilt."""
    try:
        return Entry(**json.loads((ASSETS / "entry.json").read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise NotBuilt("front_end_not_built") from error


def _send_page(request: Request, max_file_mb: int) -> Response:
    """Answer with the page; a browser that has it is told that it is the same."""
    language = choose_translator(request.headers.get("accept-language", "")).language
    coding = choose_coding(request.headers.get("accept-encoding", ""))
    body, tag = _make_page(language, coding, max_file_mb)
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Language": language}
    headers["Vary"] = "Accept-Language, Accept-Encoding"
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    return Response(body, headers=headers, media_type="text/html")


@functools.cache
def _make_page(language: str, coding: str, max_file_mb: int) -> tuple[bytes, str]:
    """Return the page in a language and an encoding, and the tag that changes with it."""
    body = compress(_write_page(load_translator(language), max_file_mb).encode(), coding)
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def _write_page(translator: Translator, max_file_mb: int) -> str:
    entry, (light, dark) = read_entry(), streamlit_internals.read_grounds()
    texts = page_texts.translate_all(translator)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        language=translator.language,
        max_file_mb=max_file_mb,
        light=light,
        dark=dark,
        theme_key=streamlit_internals.THEME_KEY,
        texts=json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c"),
        script=entry.script,
        style=entry.style,
        streamlit="\n    ".join(streamlit_internals.list_page_tags()),
        needs_scripts=texts["needs_scripts"],
    )


def list_scripts() -> list[str]:
    """Return the scripts that stand in the page itself, the same in each language."""
    return re.findall(r"<script>(.*?)</script>", _write_page(load_translator("en"), 0), re.DOTALL)


def _send_manifest(_: Request) -> Response:
    """Answer with what a system needs to install the page as an app."""
    light, _dark = streamlit_internals.read_grounds()
    manifest = {
        "name": "Chat",
        "short_name": "Chat",
        "start_url": "./",
        "display": "standalone",
        "background_color": light,
        "theme_color": light,
        "icons": [{"src": "./icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    kept = {"Cache-Control": "public, max-age=3600"}
    return JSONResponse(manifest, headers=kept, media_type="application/manifest+json")


def _send_icon(_: Request) -> Response:
    """Answer with the icon of the tab."""
    return FileResponse(_ICON, headers={"Cache-Control": "public, max-age=3600"})


def make_routes(max_file_mb: int) -> list[Route]:
    """Return the routes of the page, whose scripts are told how large a file may be."""
    return [
        Route("/", functools.partial(_send_page, max_file_mb=max_file_mb)),
        Route("/manifest.webmanifest", _send_manifest),
        Route("/icon.svg", _send_icon),
        Route("/favicon.png", _send_icon),  # for which Streamlit asks, whatever the page says
    ]
