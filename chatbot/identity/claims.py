"""What a request says of its user, read as Streamlit reads it when a page connects."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from chatbot.identity.users import USER
from chatbot.settings import Settings


def read_claims(request: Request, settings: Settings) -> Mapping[str, object]:
    """Return the claims that `st.user` would have; empty when nobody has signed in."""
    match settings.login:
        case "header":
            return {USER: request.headers.get(settings.user_header)}
        case "oidc":
            return _read_login(request, settings)
    return {}


def _read_login(request: Request, settings: Settings) -> Mapping[str, object]:
    # Streamlit's own, which are private: they verify the cookie that its sign-in has set.
    from streamlit.web.server.starlette import starlette_websocket
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    cookie = starlette_websocket._get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    if not cookie:
        return {}
    # A download says no Origin. It needs none: it changes nothing, and no other site can read it.
    return starlette_websocket._parse_decoded_user_cookie(cookie, settings.public_url)
