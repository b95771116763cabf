"""What the server uses of Streamlit beyond its documented calls, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/web/test_streamlit_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping

from starlette.requests import Request
from streamlit import config
from streamlit import logger as streamlit_logger


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
