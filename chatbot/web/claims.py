"""What a request says of its user, read as Streamlit reads it when a page connects."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from chatbot import errors
from chatbot.identity import visitor_cookie
from chatbot.identity.users import USER, User
from chatbot.services import Services
from chatbot.settings import Settings
from chatbot.web.streamlit_internals import read_login


def read_claims(request: Request, settings: Settings) -> Mapping[str, object]:
    """Return the claims that `st.user` would have; empty when nobody has signed in."""
    match settings.login:
        case "header":
            return {USER: request.headers.get(settings.user_header)}
        case "oidc":
            return read_login(request, settings.public_url)
    return {}


def find_user_id(services: Services, request: Request) -> str:
    """Return whose history the request may have; raises SignedOut when nobody has signed in."""
    return find_user(services, request).user_id


def find_user(services: Services, request: Request) -> User:
    """Return who asks; raises SignedOut when nobody has signed in."""
    visitor = request.query_params.get("visitor")
    cookies = {visitor_cookie.COOKIE: visitor, **request.cookies} if visitor else request.cookies
    user = services.users.identify(cookies, read_claims(request, services.settings))
    if user is None:
        raise errors.SignedOut
    return user
