"""The ASGI app: Streamlit's page, our routes and the visitors' cookie on one port."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from streamlit import config
from streamlit import logger as streamlit_logger

from chatbot import api, errors, services
from chatbot.history import History
from chatbot.settings import Settings
from chatbot.visitors import VisitorCookie, signer

log = logging.getLogger("chatbot.server")

_PAGE = Path(__file__).parent / "page" / "main.py"

_LAST_WORDS_S = 1.0  # for the pages to show the ends of the answers that were drained

_STREAMLIT = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.fastReruns": False,  # a rerun must not look like a stop
    "runner.postScriptGC": False,  # a full collection after each run costs everyone 80 ms
    "server.enableWebsocketCompression": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "theme.light.primaryColor": "#3b5bdb",
    "theme.dark.primaryColor": "#748ffc",
    "theme.baseRadius": "large",
}


def create_app(settings: Settings) -> st.App:
    """The app for `settings`; its lifespan starts and ends the services."""
    _share_log()
    for name, value in _STREAMLIT.items():
        config.set_option(name, value)

    @contextlib.asynccontextmanager
    async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
        async with services.running(settings) as now:
            warming = asyncio.create_task(_warm(now))
            yield {}
            await warming

    return st.App(
        _PAGE,
        routes=api.ROUTES,
        middleware=[Middleware(VisitorCookie, signer=signer(settings))],
        lifespan=lifespan,
        on_script_error=_show_error,
    )


def _share_log() -> None:
    # Streamlit gives each of its loggers, and uvicorn's, a handler and a format of its own.
    for one in streamlit_logger._loggers.values():
        one.handlers.clear()
        one.propagate = True
        one.setLevel(logging.NOTSET)
    streamlit_logger._loggers.clear()
    streamlit_logger.get_logger = logging.getLogger


async def _warm(now: services.Services) -> None:
    await asyncio.to_thread(now.llm.warm)
    await asyncio.to_thread(importlib.import_module, "chatbot.page.draw")
    gc.collect()
    gc.freeze()
    now.readiness.warm.set()


def _show_error(error: Exception) -> bool:
    log.error("the page failed", exc_info=error)
    st.error("Something went wrong on this page. Reload it; what you wrote is kept.")
    return True


class Server(uvicorn.Server):
    """uvicorn that lets running answers finish before it closes the pages' WebSockets."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """First signal: drain, then stop. Second signal: stop at once."""
        first = not self._captured_signals
        self._captured_signals.append(sig)
        if not first:
            self.should_exit = self.force_exit = True
            return
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        if self.started and await services.current().answers.drain():
            await asyncio.sleep(_LAST_WORDS_S)
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Serves until a signal ends it; raises a ChatError if the history or port cannot be opened."""
    # A page that draws must not keep the event loop from its tokens for the usual 5 ms.
    sys.setswitchinterval(0.001)
    # Opened once before anything is served: a database that cannot be used is told in one sentence.
    History(services.database_url(settings)).close()
    server = Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.bind_host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    with _listening(settings) as listener, contextlib.suppress(KeyboardInterrupt):
        log.info("the chat is at http://localhost:%d", settings.port)
        server.run([listener])


def _listening(settings: Settings) -> socket.socket:
    address = (settings.bind_host, settings.port)
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    try:
        return socket.create_server(address, family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise errors.ChatError(
            f"Port {settings.port} of {settings.bind_host} cannot be opened: {reason}. "
            "Set PORT or BIND_HOST to another one, or end the program that uses it."
        ) from error
