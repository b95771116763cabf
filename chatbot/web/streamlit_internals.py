"""What the server uses of Streamlit beyond its documented calls, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/web/test_streamlit_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

from google.protobuf.message import DecodeError
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Mount, Router
from streamlit import config, file_util, runtime
from streamlit import logger as streamlit_logger
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import memory_session_storage, memory_uploaded_file_manager
from streamlit.runtime import runtime as runtime_loop
from streamlit.runtime.app_session import AppSessionState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.uploaded_file_manager import UploadFileUrlInfo

_STATIC = Path(file_util.get_static_dir())
STATIC_FILES = _STATIC / "static"
ICON_FONT = "media/MaterialSymbols-Rounded."  # how the name of its file begins

# Where the browser keeps the theme that a person chose, as JavaScript's template string.
THEME_KEY = "stActiveTheme-${location.pathname}-v2"

_SENDING_TURN_S = 0.005  # that messages to the pages may take of the event loop at once

# By this header Streamlit is told whose browser opens a tab, and keeps it under this name.
VISITOR_HEADER, VISITOR = "X-Chat-Visitor", "visitor"

# Where the scope of a page's WebSocket has the call that asks the page to open another one.
LEAVE = "chat.leave"

# The parts of the first view, which Streamlit would only ask for once it is told to draw them.
_FIRST_VIEW = ("BidiComponent", "Button", "ChatInput", "Html")


def set_options(options: Mapping[str, object]) -> None:
    """Set Streamlit's options by their names, such as `server.headless`, before it serves."""
    for name, value in options.items():
        config.set_option(name, value)


def freeze_options() -> None:
    """Read each section of the options once: each script run asks for all of the theme's."""
    config.get_options_for_section = functools.cache(config.get_options_for_section)


def send_messages_together() -> None:
    """Send the pages' messages without a turn of the event loop after each, as Streamlit does.

    Beside many answers such a turn takes milliseconds, and those who have a page open wait for the
    messages of all: one of 200 people saw a prompt's first word up to two seconds late.
    """
    last_turn = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal last_turn
        if seconds or time.monotonic() - last_turn > _SENDING_TURN_S:
            await asyncio.sleep(seconds)
            last_turn = time.monotonic()

    vars(runtime_loop)["asyncio"] = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})


def share_log() -> None:
    """Send what Streamlit logs to the root logger, where it would have handlers of its own."""
    for logger in streamlit_logger._loggers.values():
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    streamlit_logger._loggers.clear()
    streamlit_logger.get_logger = logging.getLogger


def trust_headers(names: Mapping[str, str]) -> None:
    """Have each tab keep what these headers say, and the visitor's id, by the names given.

    Streamlit lets nobody else have the tab (matches_user_info), whoever knows its id.
    """
    config.set_option("server.trustedUserHeaders", {VISITOR_HEADER: VISITOR, **names})


def find_user_info(session_id: str) -> Mapping[str, object]:
    """Return who has opened a tab: the claims of their login, and VISITOR; {} without a tab."""
    session = runtime.get_instance().get_app_session(session_id)
    return {} if session is None else session._user_info


def has_widget(session_id: str, key: str) -> bool:
    """Return whether an open tab shows the widget with this key."""
    session = runtime.get_instance().get_app_session(session_id)
    return session is not None and key in session.session_state


@dataclass(frozen=True)
class OpenTab:
    """A tab with a connection: what its session keeps, and how it is asked to open another one."""

    id: str
    kept: object
    is_drawing: bool
    leave: Callable[[], None]


def list_tabs(key: str) -> list[OpenTab]:
    """Return the tabs that are connected, with what their sessions keep by `key`, None for nothing.

    From the event loop.
    """
    # Late: it imports Streamlit's whole server.
    from streamlit.web.server.starlette.starlette_websocket import StarletteSessionClient

    tabs = []
    for info in runtime.get_instance()._session_mgr.list_active_sessions():
        session, client = info.session, info.client
        if isinstance(client, StarletteSessionClient):
            kept = None
            with contextlib.suppress(KeyError):  # before its first run
                kept = session.session_state[key]
            is_drawing = session._state is AppSessionState.APP_IS_RUNNING
            leave = client._websocket.scope[LEAVE]
            tabs.append(OpenTab(session.id, kept, is_drawing, leave))
    return tabs


def take_all_origins() -> None:
    """Have Streamlit judge no origin: it would ask the Internet for its own address, and wait."""
    # Late: it imports Streamlit's whole server.
    from streamlit.web.server.starlette import starlette_websocket

    vars(starlette_websocket)["is_url_from_allowed_origins"] = lambda url: True


def read_login(request: HTTPConnection, origin: str) -> Mapping[str, object]:
    """Return the claims that Streamlit's sign-in has kept in its cookie, {} without a valid one.

    `origin` is the address of the page: a download says none, and needs none, since it changes
    nothing and no other site can read it.
    """
    # Late: they import Streamlit's whole server.
    from streamlit.web.server.starlette import starlette_websocket
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    cookie = starlette_websocket._get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    return starlette_websocket._parse_decoded_user_cookie(cookie, origin) if cookie else {}


@dataclass(frozen=True)
class PageMessage:
    """What a browser asks for over its WebSocket, and of how many parts that is."""

    kind: str
    parts: int = 0


def read_message(data: bytes) -> PageMessage | None:
    """Return what a browser has sent; None for what is no message."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return None
    match message.WhichOneof("type"):
        case "rerun_script" as kind:
            rerun = message.rerun_script
            parts = len(rerun.widget_states.widgets) + len(rerun.cached_message_hashes)
            return PageMessage(kind, parts)
        case "file_urls_request" as kind:
            return PageMessage(kind, len(message.file_urls_request.file_names))
        case kind:
            return PageMessage(kind or "")


class Uploads(Protocol):
    """Who is told which files a tab may upload, and when one is gone."""

    def hand_out(self, session_id: str, file_ids: Iterable[str]) -> None:
        """Note that a tab has got addresses for files."""

    def release(self, session_id: str, file_id: str) -> None:
        """Note that a file is gone."""

    def forget(self, session_id: str) -> None:
        """Note that a tab is gone, with all its files."""


def report_uploads_to(uploads: Uploads) -> None:
    """Tell `uploads` what becomes of each file that Streamlit holds; before the app is made."""

    class ReportedFiles(MemoryUploadedFileManager):
        def get_upload_urls(
            self, session_id: str, file_names: Sequence[str]
        ) -> list[UploadFileUrlInfo]:
            made = super().get_upload_urls(session_id, file_names)
            uploads.hand_out(session_id, [file.file_id for file in made])
            return made

        def remove_file(self, session_id: str, file_id: str) -> None:
            super().remove_file(session_id, file_id)
            uploads.release(session_id, file_id)

        def remove_session_files(self, session_id: str) -> None:
            super().remove_session_files(session_id)
            uploads.forget(session_id)

    vars(memory_uploaded_file_manager)["MemoryUploadedFileManager"] = ReportedFiles


_Infos = list[SessionInfo]  # where a method is called `list`


class LostTabs:
    """The tabs without a connection, kept for a while for who comes back; then ended at once.

    Streamlit's own store leaves that, and what their files take, to the garbage collector. It has
    the interface of `SessionStorage` and is used on the event loop.
    """

    def __init__(self, maxsize: int = 128, ttl_seconds: int = 120) -> None:
        self._most = maxsize
        self._kept_s = ttl_seconds
        self._tabs: dict[str, tuple[SessionInfo, asyncio.TimerHandle]] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        """Return a tab."""
        tab = self._tabs.get(session_id)
        return tab[0] if tab else None

    def list(self) -> _Infos:
        """Return all."""
        return [info for info, _ in list(self._tabs.values())]

    def save(self, info: SessionInfo) -> None:
        """Keep a tab, in the place of the one that is lost for longest when there are too many."""
        session_id = info.session.id
        timer = asyncio.get_running_loop().call_later(self._kept_s, self._end, session_id)
        self._tabs[session_id] = info, timer
        if len(self._tabs) > self._most:
            self._end(next(iter(self._tabs)))

    def delete(self, session_id: str) -> None:
        """Hand a tab back to who has come back."""
        _, timer = self._tabs.pop(session_id)
        timer.cancel()

    def _end(self, session_id: str) -> None:
        info, _ = self._tabs[session_id]
        self.delete(session_id)
        info.session.shutdown()


def end_lost_tabs() -> None:
    """Have tabs that lost their connection kept by `LostTabs`; before the app is made."""
    vars(memory_session_storage)["MemorySessionStorage"] = LostTabs


def serve_page_by(routes: Sequence[BaseRoute]) -> None:
    """Have `routes` answer what Streamlit's other routes do not, in place of its static files."""
    # Late: it imports Streamlit's whole server.
    from streamlit.web.server.starlette import starlette_app

    mount = Mount("/", app=Router(routes))
    name = "create_streamlit_static_assets_routes"
    vars(starlette_app)[name] = lambda base_url: [mount]


def find_icon_font() -> Path:
    """Return the file of Streamlit's icons."""
    (file,) = STATIC_FILES.glob(f"{ICON_FONT}*.woff2")
    return file


def read_grounds() -> tuple[str, str]:
    """Return the colours behind the page in the light and in the dark theme."""
    light = config.get_option("theme.light.backgroundColor") or "#ffffff"
    dark = config.get_option("theme.dark.backgroundColor") or "#0e1117"
    return light, dark


def list_page_tags() -> list[str]:
    """Return the tags of index.html that load Streamlit, and those for what it loads later."""
    html = (_STATIC / "index.html").read_text(encoding="utf-8")
    tags = re.findall(
        r'<script type="module"[^>]*></script>|<link rel="(?:modulepreload|style)[^>]*>', html
    )
    early = " ".join(tags)
    later = [name for name in _list_first_view() if name not in early]
    return tags + [
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in later
    ]


def _list_first_view() -> list[str]:
    """Return the scripts of the first view's parts, with all that these import."""
    folder = STATIC_FILES / "js"
    names = [path.name for part in _FIRST_VIEW for path in sorted(folder.glob(f"{part}.*.js"))]
    for name in names:  # grows meanwhile
        imported = re.findall(
            r'(?:from|import)"\./([^"]+\.js)"', (folder / name).read_text("utf-8")
        )
        names += [other for other in imported if other not in names]
    return names
