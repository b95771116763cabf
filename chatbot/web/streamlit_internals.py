"""What the server uses of Streamlit beyond its documented calls, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/web/test_streamlit_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Router
from streamlit import config, file_util
from streamlit import logger as streamlit_logger

_STATIC = Path(file_util.get_static_dir())
STATIC_FILES = _STATIC / "static"
ICON_FONT = "media/MaterialSymbols-Rounded."  # how the name of its file begins

# Where the browser keeps the theme that a person chose, as JavaScript's template string.
THEME_KEY = "stActiveTheme-${location.pathname}-v2"

# The parts of the first view, which Streamlit would only ask for once it is told to draw them.
_FIRST_VIEW = ("BidiComponent", "Button", "ChatInput", "Html")


def set_options(options: Mapping[str, object]) -> None:
    """Set Streamlit's options by their names, such as `server.headless`, before it serves."""
    for name, value in options.items():
        config.set_option(name, value)


def freeze_options() -> None:
    """Read each section of the options once: each script run asks for all of the theme's."""
    config.get_options_for_section = functools.cache(config.get_options_for_section)


def share_log() -> None:
    """Send what Streamlit logs to the root logger, where it would have handlers of its own."""
    for logger in streamlit_logger._loggers.values():
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    streamlit_logger._loggers.clear()
    streamlit_logger.get_logger = logging.getLogger


def read_login(request: Request, origin: str) -> Mapping[str, object]:
    """Return the claims that Streamlit's sign-in has kept in its cookie, {} without a valid one.

    `origin` is the address of the page: a download says none, and needs none, since it changes
    nothing and no other site can read it.
    """
    # Late: they import Streamlit's whole server.
    from streamlit.web.server.starlette import starlette_websocket
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    cookie = starlette_websocket._get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    return starlette_websocket._parse_decoded_user_cookie(cookie, origin) if cookie else {}


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
