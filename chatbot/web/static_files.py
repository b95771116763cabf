"""The page's scripts, styles and fonts, Streamlit's and ours: compressed once, cached for ever.

Their names change with what is in them. Streamlit sends them as they are: 2.4 MB of the first load,
which are 0.6 MB compressed. That takes 0.3 s of CPU once, at the first visit after a start.
"""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

import zstandard
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from chatbot.web import streamlit_internals

ASSETS = Path(__file__).with_name("assets")
ICONS = Path(__file__).with_name("icons.woff2")  # by scripts/icon_font.py

_CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}
_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_KEPT_FILES = 400  # compressed, some 20 kB each: a first view needs a hundred
_ZSTD_LEVEL, _GZIP_LEVEL = 15, 9


def send_asset(request: Request) -> Response:
    """Answer with a file of our bundle."""
    return _send_file(request, ASSETS)


def send_streamlit_file(request: Request) -> Response:
    """Answer with a file of Streamlit's front end; of its icons, with those that are used."""
    if request.path_params["name"].startswith(streamlit_internals.ICON_FONT):
        return FileResponse(ICONS, headers=_CACHED)
    return _send_file(request, streamlit_internals.STATIC_FILES)


def _send_file(request: Request, folder: Path) -> Response:
    path = (folder / request.path_params["name"]).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise HTTPException(404)
    media_type = _MEDIA_TYPES.get(path.suffix)
    if media_type is None:  # fonts and images are compressed already
        return FileResponse(path, headers=_CACHED)
    coding = choose_coding(request.headers.get("accept-encoding", ""))
    headers = {**_CACHED, "Vary": "Accept-Encoding"}
    if coding:
        headers["Content-Encoding"] = coding
    return Response(_read_compressed(path, coding), headers=headers, media_type=media_type)


def choose_coding(accept_encoding: str) -> str:
    """Return how to compress for who sends this header: "zstd", "gzip", or "" for not at all."""
    entries = (entry.replace(" ", "").partition(";") for entry in accept_encoding.split(","))
    accepted = {name for name, _, weight in entries if weight not in ("q=0", "q=0.0")}
    return next((coding for coding in ("zstd", "gzip") if coding in accepted), "")


def compress(data: bytes, coding: str) -> bytes:
    """Return `data` in an encoding that `choose_coding` chose."""
    match coding:
        case "zstd":
            return zstandard.compress(data, _ZSTD_LEVEL)
        case "gzip":
            return gzip.compress(data, _GZIP_LEVEL, mtime=0)
    return data


@functools.lru_cache(_KEPT_FILES)
def _read_compressed(path: Path, coding: str) -> bytes:
    return compress(path.read_bytes(), coding)


ROUTES = [
    Route("/assets/{name}", send_asset),
    Route("/static/{name:path}", send_streamlit_file),
]
