"""What a request says of its user, read as Streamlit reads it when a page connects."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from chatbot.identity.users import USER
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
