"""The page's script without a browser: Streamlit's AppTest over real services and a fake Ollama."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.identity import visitor_cookie
from chatbot.services import Services
from locustfiles.streamlit_client.element_tree import as_read
from tests.support.product import ROOT

Open = Callable[..., AppTest]


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


def ask(app: AppTest, prompt: str) -> AppTest:
    """Sends a prompt and draws the page again when the answer is over."""
    sent: AppTest = app.chat_input[0].set_value(prompt).run()
    assert not sent.exception
    return sent if sent.chat_input else sent.run()


def texts(elements: Any) -> list[str]:
    """What each of these elements says."""
    return [element.value for element in elements]


def shown(elements: Any) -> list[str]:
    """The same, where it quotes something, as a person reads it."""
    return [as_read(one.value) for one in elements]


def messages(app: AppTest) -> list[tuple[str, str]]:
    """(role, text) of each message."""
    return [(one.name, "\n".join(texts(one.markdown))) for one in app.chat_message]
