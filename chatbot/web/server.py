"""The ASGI app: Streamlit's page, our routes and the visitors' cookie on one port."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import importlib
import logging
import os
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

from chatbot import errors, services
from chatbot.history import History, HistoryUnavailable, data_dir
from chatbot.identity import users, visitor_cookie
from chatbot.identity.visitor_cookie import VisitorCookie
from chatbot.settings import Settings
from chatbot.web import api, downloads, proxy
from chatbot.web.websocket import PageSocket

log = logging.getLogger("chatbot.web.server")

_PAGE = Path(__file__).parents[1] / "page" / "main.py"

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
    # They change no more, and each script run reads each section of the theme.
    config.get_options_for_section = functools.cache(config.get_options_for_section)

    @contextlib.asynccontextmanager
    async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
        async with services.running(settings) as now:
            warming = asyncio.create_task(_warm(now))
            yield {}
            await warming

    return st.App(
        _PAGE,
        routes=[*api.ROUTES, *downloads.ROUTES],
        middleware=[
            *proxy.middleware(settings),
            Middleware(VisitorCookie, signer=visitor_cookie.signer(settings)),
        ],
        lifespan=lifespan,
        secrets=_login(settings),
        on_script_error=_show_error,
    )


def _login(settings: Settings) -> dict[str, Any]:
    """Tells Streamlit how people sign in; what is secret stays in memory."""
    if settings.login == "header":
        config.set_option("server.trustedUserHeaders", {settings.user_header: users.USER})
    if settings.login != "oidc":
        return {}
    # The one secret again, so that each replica knows who has signed in at another.
    secret = visitor_cookie.secret(settings)
    config.set_option("server.cookieSecret", secret)
    auth = {
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "server_metadata_url": settings.oidc_metadata_url,
        "client_kwargs": {"scope": settings.oidc_scope},
        "redirect_uri": f"{settings.public_url}/oauth2callback",
        "cookie_secret": secret,
    }
    return {"auth": auth}


def _share_log() -> None:
    # Streamlit gives each of its loggers, and uvicorn's, a handler and a format of its own.
    for one in streamlit_logger._loggers.values():
        one.handlers.clear()
        one.propagate = True
        one.setLevel(logging.NOTSET)
    streamlit_logger._loggers.clear()
    streamlit_logger.get_logger = logging.getLogger


async def _warm(now: services.Services) -> None:
    await asyncio.to_thread(importlib.import_module, "chatbot.page.layout")
    await asyncio.to_thread(now.llm.warm)
    if now.settings.login == "oidc":  # else the first to sign in would stop everyone for 0.5 s
        await asyncio.to_thread(importlib.import_module, "authlib.integrations.starlette_client")
    gc.collect()
    gc.freeze()
    now.readiness.warm.set()


def _show_error(error: Exception) -> bool:
    # Not at the start, which does not wait for what the page imports.
    from chatbot.page.i18n import t

    log.error("the page failed", exc_info=error)
    st.error(t("Something went wrong on this page. Reload it; what you wrote is kept."))
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
        if self.started and await services.current().generations.drain():
            await asyncio.sleep(_LAST_WORDS_S)
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Serves until a signal ends it; raises a ChatError if the history or port cannot be opened."""
    # A page that draws must not keep the event loop from its tokens for the usual 5 ms.
    sys.setswitchinterval(0.001)
    _try_history(settings)
    server = Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.bind_host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws=PageSocket,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # chatbot.web.proxy looks at them, after it has seen the real peer
            server_header=False,
            headers=[("X-Served-By", socket.gethostname())],  # the pod, to whoever measures
            timeout_graceful_shutdown=3,
        )
    )
    with _listening(settings) as listener, contextlib.suppress(KeyboardInterrupt):
        log.info("the chat is at %s", _address(settings))
        server.run([listener])


def _try_history(settings: Settings) -> None:
    """Open it once before anything is served: what is wrong with it is told in one sentence."""
    if settings.database_url:
        History(settings.database_url).close()
        return
    data_dir.check_folder(settings.data_dir)
    try:
        History(services.database_url(settings)).close()
    except HistoryUnavailable as error:
        file = settings.data_dir / "chat.db"
        raise errors.ChatError(f"{error.sentence} (The file is {file}.)") from error


def _address(settings: Settings) -> str:
    """Where a browser finds the chat: on this machine, if it listens there."""
    host = settings.bind_host.strip("[]")
    here = host in ("0.0.0.0", "::", "localhost") or host.startswith("127.") or host == "::1"
    name = "localhost" if here else f"[{host}]" if ":" in host else host
    return f"http://{name}:{settings.port}"


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.bind_host.strip("[]"), settings.port
    try:
        families = [found[0] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        family = min(families, key=[socket.AF_INET, socket.AF_INET6].index)
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise errors.ChatError(_explain_address(error, host, port)) from error


def _explain_address(error: OSError, host: str, port: int) -> str:
    """Tell why nothing can listen at an address, and what to set."""
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} of {host} is in use: another chat, perhaps. End that program, or "
                f"choose another port, such as PORT={port + 100 if port < 65000 else 8601}."
            )
        case errno.EACCES | errno.EPERM:
            return f"User {os.geteuid()} may not open port {port}: set PORT to 1024 or more."
    reason = str(error.strerror).partition(" (")[0]
    return (
        f"BIND_HOST is {host!r}, which is no address of this machine ({reason}): set 127.0.0.1 "
        "for this machine alone, 0.0.0.0 or :: for all that can reach it."
    )
