"""What each response tells the browser not to do: ask anybody else, be framed, guess, tell."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from chatbot.settings import Settings
from chatbot.web.gate.rule import Rule

_YEAR_S = 365 * 24 * 3600
_HSTS = ("Strict-Transport-Security", f"max-age={_YEAR_S}")

# What the page needs: nothing is fetched from another host, whatever a model or a file says.
_SOURCES = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "font-src": "'self' data:",
    "form-action": "'self'",
    "img-src": "'self' data: blob:",
    "manifest-src": "'self'",
    "media-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "style-src": "'self' 'unsafe-inline'",  # Streamlit's styles are made as the page is drawn
}
# Streamlit loads a component's script as a blob, which only a script can make, and multiplies long
# numbers of its messages by a module of WebAssembly, which can do nothing else.
_SCRIPTS = "'self' blob: 'wasm-unsafe-eval'"

_ALWAYS = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)

RULES = (
    Rule(
        "content",
        "have a reader's browser fetch an address from an answer or an import",
        "the chat's own scripts, styles, pictures and connections (Content-Security-Policy)",
        "the browser refuses",
    ),
    Rule(
        "framing",
        "show the chat in a frame of their page, to have it clicked unseen",
        "the sites in FRAME_ANCESTORS; unset: none",
        "the browser refuses",
    ),
)


def make_headers(settings: Settings, scripts: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers of every response; `scripts` are those that stand in the page itself."""
    policy = {
        **_SOURCES,
        "frame-ancestors": " ".join(settings.frame_ancestors) or "'none'",
        "script-src": " ".join([_SCRIPTS, *map(_hash_script, scripts)]),
    }
    text = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    https = [_HSTS] if settings.public_url.startswith("https://") else []
    served_by = [("X-Served-By", socket.gethostname())] if settings.served_by else []
    return [("Content-Security-Policy", text), *_ALWAYS, *https, *served_by]


def _hash_script(script: str) -> str:
    """Return the source by which a browser runs this script and no other one in the page."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def insist_on_https(scope: Scope, send: Send) -> Send:
    """Return what sends a response and tells the browser to come by https alone, if it has."""
    if scope["scheme"] != "https":
        return send

    async def send_insisting(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault(*_HSTS)
        await send(message)

    return send_insisting
