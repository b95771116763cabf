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
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, ClassVar

import streamlit as st
from itsdangerous import Signer
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import Scope

from chatbot import errors, services
from chatbot.history import History, HistoryUnavailable, data_dir
from chatbot.identity import users, visitor_cookie
from chatbot.identity.visitor_cookie import VisitorCookie
from chatbot.settings import Settings
from chatbot.web import (
    api,
    downloads,
    draining,
    index_page,
    openapi,
    proxy,
    static_files,
    streamlit_internals,
    transcript,
)
from chatbot.web.gate import headers, messages, paths, peers, uploads
from chatbot.web.gate.hosts import Hosts
from chatbot.web.gate.messages import MessageGate
from chatbot.web.gate.middleware import Gate
from chatbot.web.gate.peers import BodyLimits, Peers
from chatbot.web.gate.tabs import Tabs
from chatbot.web.gate.uploads import HeldFiles, UploadGate
from chatbot.web.uvicorn_internals import BoundedConfig, DrainingServer

log = logging.getLogger("chatbot.web.server")

_PAGE = Path(__file__).parents[1] / "page" / "main.py"

_STREAMLIT = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.fastReruns": False,  # a rerun must not look like a stop
    "runner.postScriptGC": False,  # a full collection after each run costs everyone 80 ms
    "server.enableWebsocketCompression": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "theme.baseRadius": "0.5rem",
    "theme.headingFontSizes": ["1.5rem", "1.25rem", "1.125rem", "1rem", "1rem", "1rem"],
    "theme.headingFontWeights": [600] * 6,
    "theme.showSidebarBorder": True,
    "theme.light.primaryColor": "#3b5bdb",
    "theme.light.linkColor": "#3b5bdb",
    "theme.light.textColor": "#111111",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f4f5f7",
    "theme.light.borderColor": "#e5e7eb",
    "theme.light.codeBackgroundColor": "#f4f5f7",
    "theme.light.codeTextColor": "#111111",
    "theme.light.sidebar.backgroundColor": "#f7f7f8",
    "theme.light.sidebar.secondaryBackgroundColor": "#ffffff",
    "theme.dark.primaryColor": "#748ffc",
    "theme.dark.linkColor": "#91a7ff",
    "theme.dark.textColor": "#ececec",
    "theme.dark.backgroundColor": "#191919",
    "theme.dark.secondaryBackgroundColor": "#2a2a2a",
    "theme.dark.borderColor": "#333333",
    "theme.dark.codeBackgroundColor": "#232323",
    "theme.dark.codeTextColor": "#ececec",
    "theme.dark.sidebar.backgroundColor": "#141414",
    "theme.dark.sidebar.secondaryBackgroundColor": "#232323",
}


def create_app(settings: Settings) -> st.App:
    """Return the app for `settings`; its lifespan starts and ends the services.

    Raises NotBuilt when the page's scripts are not there.
    """
    streamlit_internals.share_log()
    largest = uploads.find_largest(settings)
    held_files = HeldFiles(largest)
    signer = visitor_cookie.make_signer(settings)
    tabs = Tabs(settings, signer)
    streamlit_internals.set_options({**_STREAMLIT, "server.maxUploadSize": largest // 2**20})
    _tell_login(settings)
    streamlit_internals.report_uploads_to(held_files)
    streamlit_internals.end_lost_tabs()
    streamlit_internals.freeze_options()
    streamlit_internals.send_messages_together()
    streamlit_internals.take_all_origins()
    index_page.read_entry()
    streamlit_internals.serve_page_by(
        [*index_page.make_routes(settings.max_file_mb), *static_files.ROUTES]
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
        async with services.running(settings) as now:
            tabs.users = now.users
            warming = asyncio.create_task(_warm_up(now))
            yield {}
            await warming

    return st.App(
        _PAGE,
        routes=[*api.ROUTES, *openapi.ROUTES, *downloads.ROUTES],
        middleware=[
            *proxy.make_middleware(settings),
            Middleware(Gate, settings=settings, tabs=tabs),
            Middleware(
                MessageGate,
                name_visitor=functools.partial(_name_visitor, signer),
                open_tab=tabs.open_tab,
            ),
            Middleware(UploadGate, held=held_files, largest=largest),
            Middleware(
                VisitorCookie,
                signer=signer,
                is_https=settings.public_url.startswith("https://"),
                replaces_foreign=bool(settings.login),
            ),
            Middleware(transcript.TranscriptRoutes),
        ],
        lifespan=lifespan,
        secrets=_login_secrets(settings),
        on_script_error=_show_error,
    )


def _name_visitor(signer: Signer, scope: Scope) -> str:
    return visitor_cookie.read_visitor_id(HTTPConnection(scope).cookies, signer) or ""


def _tell_login(settings: Settings) -> None:
    """Tell Streamlit how people sign in."""
    is_by_header = settings.login == "header"
    streamlit_internals.trust_headers({settings.user_header: users.USER} if is_by_header else {})
    if settings.login == "oidc":
        # The one secret again, so that each replica knows who has signed in at another.
        secret = visitor_cookie.read_secret(settings)
        streamlit_internals.set_options({"server.cookieSecret": secret})


def _login_secrets(settings: Settings) -> dict[str, Any]:
    """Return what Streamlit has to know of the OIDC provider; it stays in memory."""
    if settings.login != "oidc":
        return {}
    auth = {
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret.get_secret_value(),
        "server_metadata_url": settings.oidc_metadata_url,
        "client_kwargs": {"scope": settings.oidc_scope},
        "redirect_uri": f"{settings.public_url}/oauth2callback",
        "cookie_secret": visitor_cookie.read_secret(settings),
    }
    return {"auth": auth}


async def _warm_up(now: services.Services) -> None:
    """Import what the first page and prompt need, and keep all of it from garbage collection."""
    await asyncio.to_thread(importlib.import_module, "chatbot.page.layout")
    await asyncio.to_thread(now.llm.warm_up)
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


def serve(settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises ChatError when the history or the port cannot be opened.
    """
    # A page that draws must not keep the event loop from its tokens for the usual 5 ms.
    sys.setswitchinterval(0.001)
    _try_history(settings)
    server = DrainingServer(
        _uvicorn_config(settings),
        lambda: draining.drain(services.current(), server.end_idle_requests),
    )
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        listeners = [stack.enter_context(each) for each in _open_listeners(settings)]
        log.info("the chat is at %s", _browser_address(settings))
        if Hosts(settings).is_open:
            log.info("any name may lead here; ALLOWED_HOSTS or PUBLIC_URL names the chat's own")
        server.run(listeners)


def _uvicorn_config(settings: Settings) -> BoundedConfig:
    files = peers.raise_file_limit()
    in_all = files - max(peers.KEPT_FILES, files // 10)
    return BoundedConfig(
        create_app(settings),
        Peers(settings.max_connections_per_peer, in_all, settings.trusted_proxies),
        _find_body_limits(settings),
        host=settings.bind_host,
        port=settings.port,
        loop="uvloop",
        ws_max_size=messages.find_frame_limit(settings.max_prompt_chars),
        log_config=None,
        access_log=False,
        proxy_headers=False,  # chatbot.web.proxy looks at them, after it has seen the real peer
        server_header=False,
        headers=headers.make_headers(settings, index_page.list_scripts()),
        timeout_graceful_shutdown=3,
    )


def _find_body_limits(settings: Settings) -> BodyLimits:
    return BodyLimits(
        {
            # Somewhat more than it takes, so that who sends too much reads how much that is.
            "/generate_text": 2 * api.find_body_limit(settings),
            paths.UPLOADS: functools.partial(uploads.find_size_limit, settings),
        }
    )


class _StartFailed(errors.ChatError):
    """The chat cannot start; only who starts it reads this."""

    texts: ClassVar = {
        "history_file_unusable": "{reason} (The file is {file}.)",
        "port_in_use": (
            "Port {port} of {host} is in use: another chat, perhaps. End that program, or "
            "choose another port, such as PORT={other}."
        ),
        "metrics_port_unusable": (
            "METRICS_PORT is {port}, where the metrics cannot be served ({reason}): choose another "
            "port, or unset it."
        ),
        "port_forbidden": "User {user} may not open port {port}: set PORT to 1024 or more.",
        "host_unknown": (
            "BIND_HOST is {host!r}, which is no address of this machine ({reason}): set 127.0.0.1 "
            "for this machine alone, 0.0.0.0 or :: for all that can reach it."
        ),
    }


def _try_history(settings: Settings) -> None:
    """Open the history once before anything is served.

    Raises ChatError when it cannot be opened.
    """
    if settings.database_url:
        services.try_database(services.database_url(settings))
        return
    data_dir.check_folder(settings.data_dir)
    try:
        History(services.database_url(settings)).close()
    except HistoryUnavailable as error:
        file = settings.data_dir / "chat.db"
        raise _StartFailed("history_file_unusable", reason=error.notice, file=str(file)) from error


def _browser_address(settings: Settings) -> str:
    """Return where a browser finds the chat: on this machine, if it listens there."""
    host = settings.bind_host.strip("[]")
    here = host in ("0.0.0.0", "::", "localhost") or host.startswith("127.") or host == "::1"
    name = "localhost" if here else f"[{host}]" if ":" in host else host
    return f"http://{name}:{settings.port}"


def _open_listeners(settings: Settings) -> Iterator[socket.socket]:
    """Listen at PORT and, where there is one, at METRICS_PORT."""
    host = settings.bind_host.strip("[]")
    try:
        yield _listen(host, settings.port)
    except OSError as error:
        raise _explain_address(error, host, settings.port) from error
    if (port := settings.metrics_port) is not None:
        try:
            yield _listen(host, port)
        except OSError as error:
            raise _StartFailed("metrics_port_unusable", port=port, reason=str(error)) from error


def _listen(host: str, port: int) -> socket.socket:
    """Listen at an address; where the kernel has no IPv6, at all of IPv4's instead of all."""
    if host == "::" and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"
    families = [info[0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    family = min(families, key=[socket.AF_INET, socket.AF_INET6].index)
    listener = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    # Each connection has it from here.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * peers.UNTAKEN_TIMEOUT_S)
    return listener


def _explain_address(error: OSError, host: str, port: int) -> _StartFailed:
    """Return why nothing can listen at an address, and what to set."""
    match error.errno:
        case errno.EADDRINUSE:
            other = port + 100 if port < 65000 else 8601
            return _StartFailed("port_in_use", port=port, host=host, other=other)
        case errno.EACCES | errno.EPERM:
            return _StartFailed("port_forbidden", user=os.geteuid(), port=port)
    reason = str(error.strerror).partition(" (")[0]
    return _StartFailed("host_unknown", host=host, reason=reason)
