"""Who a visitor without a login is: a random id in a signed, HttpOnly cookie."""

from __future__ import annotations

import functools
import logging
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from itsdangerous import BadSignature, Signer
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot import errors
from chatbot.settings import SHORTEST_SECRET, Settings

log = logging.getLogger("chatbot.identity.visitor_cookie")

COOKIE = "chat_visitor"
HTTPS_COOKIE = f"__Host-{COOKIE}"  # which no other host of the site can set, nor a page over http
START_ANEW = "/visitor"

_NAMES = (HTTPS_COOKIE, COOKIE)  # the safer one first
_YEAR_S = 365 * 24 * 3600
_RENEW_AFTER_S = 30 * 24 * 3600
_TELL_EVERY_S = 60.0


class SecretUnusable(errors.ChatError):
    """The kept secret cannot sign who somebody is; only who starts the chat reads this."""

    texts: ClassVar = {
        "kept_secret_short": (
            "{file} has {characters} characters, and {shortest} or more are needed: somebody could "
            "guess it. Put back the file that the chat has made, or delete this one: then another "
            "is made, and no browser finds its history again."
        )
    }


@dataclass(frozen=True)
class Visitor:
    """Whom a browser's cookies name; `is_due`: the cookie `name` is to be made anew."""

    visitor_id: str
    name: str
    is_due: bool


def make_signer(settings: Settings) -> Signer:
    """Return the signer of the visitors' cookies, which knows what OLD_COOKIE_SECRET has signed."""
    old = settings.old_cookie_secret.get_secret_value()
    return Signer([*filter(None, [old]), read_secret(settings)], salt=COOKIE)


def read_secret(settings: Settings) -> str:
    """Return what signs all cookies: COOKIE_SECRET, or the secret kept in DATA_DIR.

    Raises SecretUnusable.
    """
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
        secret = file.read_text()
    except OSError as error:
        log.warning("cannot keep the cookie secret, a restart forgets the visitors: %s", error)
        return secrets.token_hex(32)
    if (length := len(secret.strip())) < SHORTEST_SECRET:
        raise SecretUnusable(file=str(file), characters=length, shortest=SHORTEST_SECRET)
    return secret


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


def read_visitor(cookies: Mapping[str, str], signer: Signer) -> Visitor | None:
    """Return whom the cookies name, or None when there is none that we have signed."""
    for name in _NAMES:
        try:
            signed = signer.unsign(cookies.get(name, ""))
        except BadSignature:
            continue
        visitor_id, _, signed_at = signed.decode().partition(".")
        is_old = time.time() - int(signed_at or 0) > _RENEW_AFTER_S
        has_old_secret = len(signer.secret_keys) > 1
        is_of_old_secret = has_old_secret and signer.sign(signed).decode() != cookies[name]
        return Visitor(visitor_id, name, is_due=is_old or is_of_old_secret)
    return None


def read_visitor_id(cookies: Mapping[str, str], signer: Signer) -> str | None:
    """Return the visitor's id, or None when the cookie is missing or not ours."""
    visitor = read_visitor(cookies, signer)
    return visitor.visitor_id if visitor else None


def has_foreign_cookie(cookies: Mapping[str, str], signer: Signer) -> bool:
    """Return whether a browser has a visitor's cookie, but none that we have signed.

    Another secret has, perhaps: the history that it leads to would be lost with it.
    """
    has_cookie = any(cookies.get(name) for name in _NAMES)
    return has_cookie and read_visitor_id(cookies, signer) is None


class VisitorCookie:
    """ASGI middleware: the first page that a browser gets sets its cookie, and later ones renew it.

    `is_https`: browsers come over https, even where a request does not say so. A foreign cookie is
    left as it is unless the visitor starts anew; where people sign in (`replaces_foreign`), no
    history depends on it.
    """

    def __init__(
        self,
        app: ASGIApp,
        signer: Signer,
        *,
        is_https: bool = False,
        replaces_foreign: bool = False,
    ) -> None:
        self._app = app
        self._signer = signer
        self._is_https = is_https
        self._replaces_foreign = replaces_foreign
        self._told_at = -_TELL_EVERY_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add Set-Cookie to a page sent to a visitor who needs one."""
        if scope["type"] != "http" or scope["path"].startswith("/_stcore"):
            await self._app(scope, receive, send)
        elif scope["path"] == START_ANEW and scope["method"] == "POST":
            await self._start_anew(scope)(scope, receive, send)
        elif (visitor_id := self._choose_visitor(scope)) is not None:
            await self._pass_on(visitor_id, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _pass_on(self, visitor_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and make its browser this visitor if the answer is a page."""

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                for cookie in self._make_cookies(scope, visitor_id):
                    MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        # A page that the browser has already would come without a body, and so without a cookie.
        headers = [header for header in scope["headers"] if header[0] != b"if-none-match"]
        await self._app({**scope, "headers": headers}, receive, send_with_cookies)

    def _choose_visitor(self, scope: Scope) -> str | None:
        """Return whom a page is to make its browser, "" for a new visitor; None for nobody."""
        cookies = HTTPConnection(scope).cookies
        visitor = read_visitor(cookies, self._signer)
        if visitor is None and has_foreign_cookie(cookies, self._signer):
            self._tell_foreign_cookie()
            return "" if self._replaces_foreign else None
        if visitor is None:
            return ""
        is_safe = visitor.name == HTTPS_COOKIE or not self._is_secure(scope)
        return None if is_safe and not visitor.is_due else visitor.visitor_id

    def _tell_foreign_cookie(self) -> None:
        if time.monotonic() - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = time.monotonic()
        log.warning(
            "a browser has a visitor's cookie that another secret has signed: all replicas need "
            "the same COOKIE_SECRET; if it has changed, name the former one in OLD_COOKIE_SECRET"
        )

    def _start_anew(self, scope: Scope) -> Response:
        """Make a browser whose cookie is not ours a visitor: the one that its tab is, if any."""
        response = Response(status_code=204, headers={"Cache-Control": "no-store"})
        if read_visitor(HTTPConnection(scope).cookies, self._signer) is None:
            credential = QueryParams(scope["query_string"]).get("visitor", "")
            visitor_id = read_visitor_id({COOKIE: credential}, self._signer)
            for cookie in self._make_cookies(scope, visitor_id or ""):
                response.headers.append("set-cookie", cookie)
        return response

    def _make_cookies(self, scope: Scope, visitor_id: str) -> list[str]:
        """Return the cookie of a visitor, of a new one for "", and what ends their former one."""
        signed = f"{visitor_id or secrets.token_hex(16)}.{time.time():.0f}"
        rest = "Path=/; HttpOnly; SameSite=Lax"
        value = f"{self._signer.sign(signed).decode()}; {rest}; Max-Age={_YEAR_S}"
        if not self._is_secure(scope):
            return [f"{COOKIE}={value}"]
        has_former = COOKIE in HTTPConnection(scope).cookies
        ends = [f"{COOKIE}=; {rest}; Max-Age=0"] if has_former else []
        return [f"{HTTPS_COOKIE}={value}; Secure", *ends]

    def _is_secure(self, scope: Scope) -> bool:
        return self._is_https or scope["scheme"] == "https"


def _is_page(message: Message) -> bool:
    return Headers(scope=message).get("content-type", "").startswith("text/html")
