"""Who a visitor without a login is: a random id in a signed, HttpOnly cookie."""

from __future__ import annotations

import functools
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from itsdangerous import BadSignature, Signer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.settings import Settings

log = logging.getLogger("chatbot.identity.visitor_cookie")

COOKIE = "chat_visitor"
_YEAR_S = 365 * 24 * 3600


def make_signer(settings: Settings) -> Signer:
    """Return the signer of the visitors' cookies."""
    return Signer(read_secret(settings), salt=COOKIE)


def read_secret(settings: Settings) -> str:
    """Return what signs all cookies: COOKIE_SECRET, or the secret kept in DATA_DIR."""
    secret = settings.cookie_secret.get_secret_value()
    return secret or _read_kept_secret(settings.data_dir / "cookie-secret")


@functools.cache  # where it cannot be kept, the whole process still has one
def _read_kept_secret(file: Path) -> str:
    made = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            made.touch(0o600)
            made.write_text(secrets.token_hex(32))
            _keep_first(made, file)
        return file.read_text()
    except OSError as error:
        log.warning("cannot keep the cookie secret, a restart forgets the visitors: %s", error)
        return secrets.token_hex(32)


def _keep_first(made: Path, file: Path) -> None:
    """Give a file its name, unless another process was first with its own: both then share that."""
    try:
        os.link(made, file)  # is made whole or not at all
    except FileExistsError:
        pass
    except OSError:  # a file system without links, as on a stick or a share
        if not file.exists():
            made.rename(file)
    made.unlink(missing_ok=True)


def read_visitor_id(cookies: Mapping[str, str], signer: Signer) -> str | None:
    """Return the visitor's id, or None when the cookie is missing or not ours."""
    try:
        return signer.unsign(cookies.get(COOKIE, "")).decode()
    except BadSignature:
        return None


class VisitorCookie:
    """ASGI middleware: the first page that a browser gets sets its cookie."""

    def __init__(self, app: ASGIApp, signer: Signer) -> None:
        self._app = app
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add Set-Cookie to a page sent to a visitor without one."""
        is_internal = scope["type"] != "http" or scope["path"].startswith("/_stcore")
        if is_internal or self._has_visitor_id(scope):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                MutableHeaders(scope=message).append("set-cookie", self._make_cookie(scope))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _has_visitor_id(self, scope: Scope) -> bool:
        return read_visitor_id(HTTPConnection(scope).cookies, self._signer) is not None

    def _make_cookie(self, scope: Scope) -> str:
        value = self._signer.sign(secrets.token_hex(16)).decode()
        secure = "; Secure" if scope["scheme"] == "https" else ""
        return f"{COOKIE}={value}; Path=/; Max-Age={_YEAR_S}; HttpOnly; SameSite=Lax{secure}"


def _is_page(message: Message) -> bool:
    return Headers(scope=message).get("content-type", "").startswith("text/html")
