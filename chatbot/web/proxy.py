"""The chat behind proxies: which of them are believed, and https alone where it is known."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chatbot.settings import Network, Settings

log = logging.getLogger("chatbot.web.proxy")


def make_middleware(settings: Settings) -> list[Middleware]:
    """Return what requests pass first: the user's header is judged by the peer that connected."""
    passed = []
    is_https = settings.public_url.startswith("https://")
    if is_https and settings.trusted_proxies:
        passed.append(
            Middleware(HttpsRedirect, public=settings.public_url, trusted=settings.trusted_proxies)
        )
    if settings.user_header:
        passed.append(
            Middleware(UserHeader, name=settings.user_header, trusted=settings.trusted_proxies)
        )
    if settings.trusted_proxies:
        trusted = [str(network) for network in settings.trusted_proxies]
        passed.append(Middleware(ProxyHeadersMiddleware, trusted_hosts=trusted))
    return [*passed, Middleware(SecureCookies, is_https=is_https)]


class HttpsRedirect:
    """ASGI middleware: lead browsers that came to `public` over http to its https.

    A trusted proxy has to say so; probes and programs that ask without one are answered.
    """

    def __init__(self, app: ASGIApp, public: str, trusted: Sequence[Network]) -> None:
        self._app = app
        self._public = public
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the way to https, or pass on."""
        if scope["type"] != "http" or not self._is_over_http(scope):
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        target = self._public + scope["raw_path"].decode("latin-1") + (query and f"?{query}")
        await RedirectResponse(target, 308)(scope, receive, send)

    def _is_over_http(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        is_public = headers.get("host", "") == urlsplit(self._public).netloc
        said = headers.get("x-forwarded-proto") == "http"
        return said and is_public and _is_trusted(scope, self._trusted)


class UserHeader:
    """ASGI middleware: let the header `name` through from trusted peers that sent it once."""

    def __init__(self, app: ASGIApp, name: str, trusted: Sequence[Network]) -> None:
        self._app = app
        self._name = name
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, without the header where it is not to be believed."""
        if scope["type"] in ("http", "websocket") and not self._is_believed(scope):
            scope = dict(scope)  # whose headers are copied below
            del MutableHeaders(scope=scope)[self._name]
        await self._app(scope, receive, send)

    def _is_believed(self, scope: Scope) -> bool:
        count = len(Headers(scope=scope).getlist(self._name))
        is_trusted = _is_trusted(scope, self._trusted)
        if count == 1 and is_trusted:
            return True
        if count and scope["type"] == "websocket":  # once a tab
            why = "sent more than once" if is_trusted else "not in TRUSTED_PROXIES"
            log.warning("ignored %s from %s: %s", self._name.lower(), _find_peer(scope), why)
        return False


class SecureCookies:
    """ASGI middleware: browsers that come over https send the cookies over nothing else.

    `is_https`: they do, even where a request does not say so. Streamlit does not ask for it, not
    even for the cookie that tells who has signed in.
    """

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add Secure to each Set-Cookie without it."""
        if scope["type"] != "http" or not (self._is_https or scope["scheme"] == "https"):
            await self._app(scope, receive, send)
            return

        async def send_secure(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_add_secure(*header) for header in message.get("headers", ())]
            await send(message)

        await self._app(scope, receive, send_secure)


def _find_peer(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _is_trusted(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Return whether who has connected is in one of the networks."""
    try:
        address = ipaddress.ip_address(_find_peer(scope))
    except ValueError:
        return False
    return any(address in network for network in trusted)


def _add_secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        value += b"; Secure"
    return name, value
