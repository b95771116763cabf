"""A tab belongs to the browser that opened it, with its login: its id alone opens nothing.

The id is no secret: it stands in each upload's address, and a tab that reconnects says it, so that
proxies log it. A browser shows its cookies when a tab connects, and not with each message: those
of the connection are looked at again.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping

from itsdangerous import Signer
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from chatbot.identity import visitor_cookie
from chatbot.identity.users import User, Users
from chatbot.settings import Settings
from chatbot.web.claims import has_signed_in, read_claims
from chatbot.web.gate.errors import NotLetIn
from chatbot.web.gate.messages import ALLOWED
from chatbot.web.gate.paths import LOGOUT, OPEN_FOLDERS, UPLOADS
from chatbot.web.gate.rule import Rule
from chatbot.web.streamlit_internals import VISITOR, VISITOR_HEADER, find_user_info

# What the page that asks to sign in sends: how it is drawn, and that its button was pressed. The
# next message of a tab that was signed out still names all its widgets.
BEFORE_SIGN_IN = {"rerun_script": 100, "stop_script": 0}
_NOTHING: Mapping[str, int] = {}

_MAX_BROWSERS = 10_000  # of which is known who has signed in last

RULES = (
    Rule(
        "tab",
        "read somebody's tab, or write into their history, by its id from a proxy's log",
        "the browser that opened it, by its cookie, with the same login",
        "a new, empty tab",
    ),
    Rule(
        "tab's login",
        "go on in a tab whose sign-in is over, or after somebody else has signed in there",
        "the login that the tab was opened with, looked at with each message",
        "the WebSocket is closed with 1008",
    ),
    Rule(
        "tab's files",
        "put a file into somebody else's tab, or remove one",
        "the tabs of the browser that asks, with the same login",
        "403",
    ),
    Rule(
        "before sign-in",
        "send more than the page that asks to sign in does",
        ", ".join(f"{kind} of {parts} parts" for kind, parts in BEFORE_SIGN_IN.items()),
        "the WebSocket is closed with 1008",
    ),
)


class Tabs:
    """Whose each tab is, and who has signed in with each browser last; for the event loop."""

    users: Users  # since the services run

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._settings = settings
        self._signer = signer
        self._last_persons: OrderedDict[str, str] = OrderedDict()  # by browser

    def name_visitor(self, connection: HTTPConnection) -> None:
        """Tell Streamlit whose browser opens a tab; without a cookie it is nobody's but its own."""
        visitor = self._read_visitor(connection) or secrets.token_hex(16)
        MutableHeaders(scope=connection.scope)[VISITOR_HEADER] = visitor

    def note_person(self, connection: HTTPConnection) -> None:
        """Note who has signed in with a browser: the tabs of somebody before them are over."""
        if not self._settings.login or connection.scope["path"].startswith(OPEN_FOLDERS):
            return
        browser = self._read_visitor(connection)
        if browser is None or (user := self._identify(connection)) is None:
            return
        self._last_persons[browser] = user.user_id
        self._last_persons.move_to_end(browser)
        if len(self._last_persons) > _MAX_BROWSERS:
            self._last_persons.popitem(last=False)

    def check_upload(self, connection: HTTPConnection) -> None:
        """Raise NotLetIn for an upload to a tab of another browser, or of another login."""
        path = connection.scope["path"]
        if not path.startswith(UPLOADS):
            return
        info = find_user_info(path.removeprefix(UPLOADS).partition("/")[0])
        visitor = self._read_visitor(connection)
        if visitor is None or visitor != info.get(VISITOR):
            raise NotLetIn("foreign_tab")
        if not self._settings.login:
            return
        asking = self._identify(connection)
        owner = self.users.identify(connection.cookies, info)
        if asking is None or owner is None or asking.user_id != owner.user_id:
            raise NotLetIn("foreign_tab")

    def open_tab(self, connection: HTTPConnection) -> Callable[[], Mapping[str, int]]:
        """Return what tells which messages may come from a tab that connects, as ALLOWED does."""
        if not self._settings.login:
            return lambda: ALLOWED
        user = self._identify(connection)
        return lambda: self._list_messages(connection, user)

    def sign_out(self, connection: HTTPConnection) -> None:
        """End the tabs of who leaves by Streamlit's own address; may wait for the history."""
        is_leaving = self._settings.login == "oidc" and connection.scope["path"] == LOGOUT
        if is_leaving and (user := self._identify(connection)) is not None:
            self.users.sign_out(user)

    def _list_messages(self, connection: HTTPConnection, user: User | None) -> Mapping[str, int]:
        if user is None or not self.users.is_still_signed_in(user):
            return BEFORE_SIGN_IN
        is_last = self._last_persons.get(user.browser, user.user_id) == user.user_id
        return ALLOWED if is_last and has_signed_in(connection, self._settings) else _NOTHING

    def _identify(self, connection: HTTPConnection) -> User | None:
        claims = read_claims(connection, self._settings)
        return self.users.identify(connection.cookies, claims)

    def _read_visitor(self, connection: HTTPConnection) -> str | None:
        return visitor_cookie.read_visitor_id(connection.cookies, self._signer)
