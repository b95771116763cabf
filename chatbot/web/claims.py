"""What a request says of its user, read as Streamlit reads it when a page connects."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import HTTPConnection, Request

from chatbot import errors
from chatbot.chat.shares import Asker
from chatbot.identity.users import USER, User
from chatbot.services import Services
from chatbot.settings import Settings
from chatbot.web.streamlit_internals import read_login


def read_claims(request: HTTPConnection, settings: Settings) -> Mapping[str, object]:
    """Return the claims that `st.user` would have; empty when nobody has signed in."""
    match settings.login:
        case "header":
            return {USER: request.headers.get(settings.user_header)}
        case "oidc":
            return read_login(request, settings.public_url)
    return {}


def has_signed_in(request: HTTPConnection, settings: Settings) -> bool:
    """Return whether somebody has signed in, who may have signed out again meanwhile."""
    claims = read_claims(request, settings)
    return bool(claims.get(USER) or claims.get("is_logged_in"))


def find_user_id(services: Services, request: Request, reads: int = 1) -> str:
    """Return whose history the request may have, as `find_user` does."""
    return find_user(services, request, reads).user_id


def find_user(services: Services, request: Request, reads: int = 1) -> User:
    """Return who asks, of whose share it takes so many reads.

    Raises SignedOut when nobody has signed in, RateExceeded when they read too much.
    """
    credential = request.query_params.get("visitor", "")
    claims = read_claims(request, services.settings)
    user = services.users.identify(request.cookies, claims, find_host(request), credential)
    if user is None:
        raise errors.SignedOut
    services.shares.take_reads(Asker(user.user_id, user.address), reads)
    return user


def find_host(request: Request) -> str | None:
    """Return the address of who asks: beyond the proxies that are believed."""
    return request.client.host if request.client else None
