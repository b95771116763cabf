"""The gate itself: every request passes it before Streamlit and the routes see it."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot import errors
from chatbot.i18n.translator import choose_translator
from chatbot.settings import Settings
from chatbot.web.api_models import Failure
from chatbot.web.gate import headers, hosts, paths
from chatbot.web.gate.errors import NotLetIn
from chatbot.web.gate.refusals import note_refusal
from chatbot.web.gate.tabs import Tabs


class Gate:
    """ASGI middleware: refuse with a sentence what one of the rules does not let in.

    It stands behind the middlewares that know who connects and by which scheme.
    """

    def __init__(self, app: ASGIApp, settings: Settings, tabs: Tabs) -> None:
        self._app = app
        self._settings = settings
        self._hosts = hosts.Hosts(settings)
        self._tabs = tabs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, refuse the rest."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            self._check(connection)
        except errors.ChatError as error:
            if isinstance(error, NotLetIn):
                _note_refusal(connection, error)
            await _refuse(connection, error)(scope, receive, send)
        except HTTPException as error:
            await PlainTextResponse(error.detail, error.status_code)(scope, receive, send)
        else:
            if connection.scope["path"] == paths.LOGOUT:
                await asyncio.to_thread(self._tabs.sign_out, connection)
            await self._app(scope, receive, headers.insist_on_https(scope, send))

    def _check(self, connection: HTTPConnection) -> None:
        """Raise what is said to who may not pass."""
        if not paths.is_for_metrics(connection, self._settings):
            self._hosts.check(connection)
        paths.check_path(connection, self._settings)
        paths.check_login(connection, self._settings)
        self._tabs.note_person(connection)
        self._tabs.check_upload(connection)
        if connection.scope["type"] == "websocket":
            self._tabs.name_visitor(connection)


def _refuse(connection: HTTPConnection, error: errors.ChatError) -> Response:
    """Return the error: a sentence to who opens it in a tab, JSON to a script."""
    translator = choose_translator(connection.headers.get("accept-language", ""))
    sentence = translator.describe(error)
    if "text/html" in connection.headers.get("accept", ""):
        return PlainTextResponse(sentence, error.status)
    failure = Failure.model_validate({**error.as_json(), "error": sentence})
    return Response(failure.model_dump_json(), error.status, media_type="application/json")


def _note_refusal(connection: HTTPConnection, error: NotLetIn) -> None:
    rule = error.code.replace("_", " ")  # as "foreign host"
    told = [connection.headers.get(name, "") for name in ("host", "origin")]
    note_refusal(rule, connection.client.host if connection.client else "", " ".join(told).strip())
