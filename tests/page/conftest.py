"""The page's script without a browser: Streamlit's AppTest over real services and a fake Ollama."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.identity import visitor_cookie
from chatbot.services import Services
from tests.support.pages import Open
from tests.support.product import ROOT


@pytest.fixture
def open_page(ready: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the page: `open_page("ann", c=…)`; None is a browser without cookies.

    `claims` are what a login says of its user.
    """

    def start(
        visitor: str | None = "ann", claims: dict[str, Any] | None = None, **query: str
    ) -> AppTest:
        monkeypatch.setattr(visitor_cookie, "read_visitor_id", lambda *_: visitor)
        app = AppTest.from_file(ROOT / "chatbot/page/main.py", default_timeout=60)
        app.query_params.update(query)
        app.user = claims or {}
        return app.run()

    return start
