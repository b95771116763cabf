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
LOGOUT = "/auth/logout"
METRICS = "/metrics"
OPEN_FOLDERS = ("/assets/", "/static/")

# The page and what it consists of, the routes of the sign-in, and those for probes and programs,
# which ask for a key themselves where they need one.
_OPEN = {
    *("/", "/favicon.png", "/icon.svg", "/manifest.webmanifest"),
    *(STREAM, "/_stcore/health", "/_stcore/host-config"),
    *("/auth/login", LOGOUT, "/oauth2callback"),
    START_ANEW,
    *("/generate_text", "/livez", METRICS, "/openapi.json", "/readyz"),
}
_OWN_FOLDERS = ("/attachments/", "/conversations/", "/generations/", UPLOADS)

RULES = (
    Rule(
        "routes",
        "use Streamlit's routes that the page does not need: figures, media, components, agents",
        f"{len(_OPEN)} addresses and {len(OPEN_FOLDERS) + len(_OWN_FOLDERS)} folders: the page's "
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


def is_for_metrics(connection: HTTPConnection, settings: Settings) -> bool:
    """Return whether a request came to METRICS_PORT, where programs come by any name."""
    server = connection.scope.get("server")
    return server is not None and server[1] == settings.metrics_port


def check_path(connection: HTTPConnection, settings: Settings) -> None:
    """Raise HTTPException(404) for what the chat does not serve, or not at this port."""
    path = connection.scope["path"]
    has_own_port = settings.metrics_port is not None
    if has_own_port and is_for_metrics(connection, settings) != (path == METRICS):
        raise HTTPException(404)
    is_socket = connection.scope["type"] == "websocket"
    if is_socket != (path == STREAM) or not (_is_open(path) or path.startswith(_OWN_FOLDERS)):
        raise HTTPException(404)


def check_login(connection: HTTPConnection, settings: Settings) -> None:
    """Raise SignedOut for what is only for those who have signed in, where people do."""
    is_for_all = not settings.login or _is_open(connection.scope["path"])
    if not (is_for_all or has_signed_in(connection, settings)):
        raise errors.SignedOut


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(OPEN_FOLDERS)
