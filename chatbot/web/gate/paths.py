"""What is served at all, and what of it to somebody who has not signed in.

Streamlit has more routes than the page needs: they are closed, as is each that a version adds.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from chatbot import errors
from chatbot.identity.visitor_cookie import START_ANEW
from chatbot.settings import Settings
from chatbot.web.claims import has_signed_in
from chatbot.web.gate.rule import Rule

STREAM = "/_stcore/stream"
UPLOADS = "/_stcore/upload_file/"

# The page and what it consists of, the routes of the sign-in, and those for probes and programs,
# which ask for a key themselves where they need one.
_OPEN = {
    *("/", "/favicon.png", "/icon.svg", "/manifest.webmanifest"),
    *(STREAM, "/_stcore/health", "/_stcore/host-config"),
    *("/auth/login", "/auth/logout", "/oauth2callback"),
    START_ANEW,
    *("/generate_text", "/livez", "/metrics", "/openapi.json", "/readyz"),
}
_OPEN_FOLDERS = ("/assets/", "/static/")
_OWN_FOLDERS = ("/attachments/", "/conversations/", "/generations/", UPLOADS)

RULES = (
    Rule(
        "routes",
        "use Streamlit's routes that the page does not need: figures, media, components, agents",
        f"{len(_OPEN)} addresses and {len(_OPEN_FOLDERS) + len(_OWN_FOLDERS)} folders: the page's "
        "files, the API, probes, uploads",
        "404",
    ),
    Rule(
        "sign-in",
        "where people sign in: upload, or read what belongs to somebody, without a login",
        "the page that asks to sign in, its scripts, the way to the provider, probes; "
        "`POST /generate_text` with its key",
        "401",
    ),
)


def check_path(connection: HTTPConnection) -> None:
    """Raise HTTPException(404) for what the chat does not serve."""
    path = connection.scope["path"]
    is_socket = connection.scope["type"] == "websocket"
    if is_socket != (path == STREAM) or not (_is_open(path) or path.startswith(_OWN_FOLDERS)):
        raise HTTPException(404)


def check_login(connection: HTTPConnection, settings: Settings) -> None:
    """Raise SignedOut for what is only for those who have signed in, where people do."""
    is_for_all = not settings.login or _is_open(connection.scope["path"])
    if not (is_for_all or has_signed_in(connection, settings)):
        raise errors.SignedOut


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_FOLDERS)
