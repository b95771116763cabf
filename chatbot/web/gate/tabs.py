"""A tab belongs to the browser that opened it: its id alone opens nothing.

The id is no secret: it stands in each upload's address, and a tab that reconnects says it, so that
proxies log it.
"""

from __future__ import annotations

import secrets

from itsdangerous import Signer
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from chatbot.identity import visitor_cookie
from chatbot.web.gate.errors import NotLetIn
from chatbot.web.gate.paths import UPLOADS
from chatbot.web.gate.rule import Rule
from chatbot.web.streamlit_internals import VISITOR_HEADER, find_visitor

RULES = (
    Rule(
        "tab",
        "read somebody's tab, or write into their history, by its id from a proxy's log",
        "the browser that opened it, by its cookie, with the same login",
        "a new, empty tab",
    ),
    Rule(
        "tab's files",
        "put a file into somebody else's tab, or remove one",
        "the tabs of the browser that asks",
        "403",
    ),
)


def name_visitor(connection: HTTPConnection, signer: Signer) -> None:
    """Tell Streamlit whose browser opens a tab; a tab without a cookie is nobody's but its own."""
    visitor = _read_visitor(connection, signer) or secrets.token_hex(16)
    MutableHeaders(scope=connection.scope)[VISITOR_HEADER] = visitor


def check_upload(connection: HTTPConnection, signer: Signer) -> None:
    """Raise NotLetIn for an upload to another browser's tab."""
    path = connection.scope["path"]
    if not path.startswith(UPLOADS):
        return
    session_id = path.removeprefix(UPLOADS).partition("/")[0]
    visitor = _read_visitor(connection, signer)
    if visitor is None or visitor != find_visitor(session_id):
        raise NotLetIn("foreign_tab")


def _read_visitor(connection: HTTPConnection, signer: Signer) -> str | None:
    return visitor_cookie.read_visitor_id(connection.cookies, signer)
