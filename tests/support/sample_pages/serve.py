"""Serve a sample page on an open socket: `python -m tests.support.sample_pages.serve NAME FD`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.sample_pages.api import ROUTES


class VisitorCookie:
    """Gives each new visitor a cookie, as a page does that has to know him again."""

    visitors = 0

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookie to the first response of a client that sends none."""
        sent = dict(scope.get("headers", ())).get(b"cookie", b"")
        if scope["type"] == "http" and b"visitor=" not in sent:
            VisitorCookie.visitors += 1
            cookie = f"visitor=number-{VisitorCookie.visitors}; HttpOnly; Path=/".encode()

            async def send_with_cookie(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"set-cookie", cookie)]
                await send(message)

            await self._app(scope, receive, send_with_cookie)
        else:
            await self._app(scope, receive, send)


if __name__ == "__main__":
    page = Path(__file__).with_name(sys.argv[1] + ".py")
    app = st.App(page, routes=ROUTES, middleware=[Middleware(VisitorCookie)])
    uvicorn.run(
        app, fd=int(sys.argv[2]), log_level="warning", ws_ping_interval=1, ws_ping_timeout=1
    )
