"""Who chats: a person whom a provider or a proxy has signed in, else a browser."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from chatbot import errors
from chatbot.identity import visitor_cookie
from chatbot.identity.addresses import name_address
from chatbot.identity.rights import Rights, list_names
from chatbot.identity.sign_outs import SignOuts, Store
from chatbot.settings import Settings

log = logging.getLogger("chatbot.identity.users")

USER = "user"  # under this name Streamlit keeps the value of USER_HEADER

_NAMES = ("name", "preferred_username", "email", "sub")  # claims, the most readable first


@dataclass(frozen=True)
class User:
    """Who has a tab open, as found when it was opened.

    `owner` is whose history it is, the same on every device of a person who has signed in; `name`
    is for the page and empty for a mere browser; `browser` and `login`, a sign-in at the provider,
    are where a sign-out takes effect; `lasting`: the history is found again; `has_foreign_cookie`:
    another secret has signed the browser's cookie; `since` is in Unix seconds; `address` is where
    they are, as `name_address` names it.
    """

    user_id: str
    browser: str
    name: str = ""
    login: str = ""
    lasting: bool = True
    has_foreign_cookie: bool = False
    since: float = field(default_factory=time.time)
    address: str = ""


class Users:
    """Tells who somebody is, and remembers who has signed out."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.rights = Rights(settings)
        self._settings = settings
        self._signer = visitor_cookie.make_signer(settings)
        self.sign_outs = SignOuts(store)

    def identify(
        self,
        cookies: Mapping[str, str],
        claims: Mapping[str, object],
        host: str | None = None,
        credential: str = "",
    ) -> User | None:
        """Return the person behind a request's cookies and claims; None when nobody has signed in.

        `claims` are `st.user`'s: those of the provider's ID token, or the header's value as USER.
        `host` is the peer's address, None for this machine's. `credential` is what
        `make_credential` has made, for a browser without a cookie of ours.
        """
        user = self._identify(cookies, claims, credential)
        return user and replace(user, address=name_address(host))

    def _identify(
        self, cookies: Mapping[str, str], claims: Mapping[str, object], credential: str
    ) -> User | None:
        known = visitor_cookie.read_visitor_id(cookies, self._signer)
        told = visitor_cookie.read_visitor_id({visitor_cookie.COOKIE: credential}, self._signer)
        browser = known or told or secrets.token_hex(16)
        match self._settings.login:
            case "oidc":
                return self._identify_by_claims(claims, browser)
            case "header":
                return self._identify_by_header(claims, browser)
        is_foreign = visitor_cookie.has_foreign_cookie(cookies, self._signer)
        return User(browser, browser, lasting=bool(known), has_foreign_cookie=is_foreign)

    def sign_visitor_id(self, visitor_id: str) -> str:
        """Return the value of the cookie that would make a browser this visitor."""
        return self._signer.sign(visitor_id).decode()

    def make_credential(self, user: User) -> str:
        """Return what says who asks, for a browser that keeps no cookies; "" for all others."""
        return "" if user.lasting else self.sign_visitor_id(user.user_id)

    def check_provider(self) -> bool:
        """Ask the provider, for CONNECT_TIMEOUT seconds at most; what it lacks is logged."""
        try:
            timeout = self._settings.connect_timeout
            httpx.get(self._settings.oidc_metadata_url, timeout=timeout).raise_for_status()
        except httpx.HTTPError as error:
            log.error("nobody can sign in: %s", error)
            return False
        return True

    def sign_out(self, user: User) -> None:
        """End every tab that their browser has open now, and all copies of their login's cookie."""
        self.sign_outs.add(*filter(None, (user.browser, user.login)))

    def is_still_signed_in(self, user: User) -> bool:
        """Return whether neither their browser nor their login has been signed out since."""
        signed_out_at = self.sign_outs.find_last
        return not signed_out_at(user.login) and user.since > signed_out_at(user.browser)

    def check_signed_in(self, user: User) -> None:
        """Raise SignedOut unless they are signed in."""
        if not self.is_still_signed_in(user):
            raise errors.SignedOut

    def _identify_by_claims(self, claims: Mapping[str, object], browser: str) -> User | None:
        issuer, subject = (str(claims.get(name) or "") for name in ("iss", "sub"))
        # A cookie of the provider that was configured before says nothing about this one's people.
        if not claims.get("is_logged_in") or not subject or not self._is_own_issuer(issuer):
            return None
        login = _name_login(issuer, claims)
        if self.sign_outs.find_last(login):  # somebody has kept a copy of its cookie
            return None
        name = next(str(claims[name]) for name in _NAMES if claims.get(name))
        user_id = _make_user_id("oidc", self._settings.oidc_issuer, subject)
        self.rights.note_names(user_id, list_names(claims))
        return User(user_id, browser, name, login)

    def _is_own_issuer(self, issuer: str) -> bool:
        return issuer.rstrip("/") == self._settings.oidc_issuer

    def _identify_by_header(self, claims: Mapping[str, object], browser: str) -> User | None:
        name = _decode_header(str(claims.get(USER) or "")).strip()
        if not name:
            return None
        user_id = _make_user_id("header", name)
        self.rights.note_names(user_id, {name})
        return User(user_id, browser, name)


def _make_user_id(kind: str, *parts: str) -> str:
    """Return a key that is the same each time, and that no other kind of visitor can have."""
    parts_json = json.dumps([kind, *parts]).encode()
    return f"{kind}-{hashlib.sha256(parts_json).hexdigest()}"


def _name_login(issuer: str, claims: Mapping[str, object]) -> str:
    """Return a key of one sign-in, by what the provider was sent for it alone; "" without that."""
    nonce = str(claims.get("nonce") or "")
    return _make_user_id("login", issuer, nonce) if nonce else ""


def _decode_header(value: str) -> str:
    """Return a header's value: servers read its bytes as Latin-1, proxies write UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
