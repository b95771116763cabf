"""The page in tests: how it is opened and asked, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from locustfiles.streamlit_client.element_tree import as_read

Open = Callable[..., AppTest]


def ask(app: AppTest, prompt: str) -> AppTest:
    """Send a prompt and draw the page again when the answer is over."""
    sent: AppTest = app.chat_input[0].set_value(prompt).run()
    assert not sent.exception
    return sent if sent.chat_input else sent.run()


def list_texts(elements: Any) -> list[str]:
    """Return what each of these elements says."""
    return [element.value for element in elements]


def list_plain_texts(elements: Any) -> list[str]:
    """Return the same as a person reads it where it quotes something."""
    return [as_read(one.value) for one in elements]


def list_messages(app: AppTest) -> list[tuple[str, str]]:
    """Return (role, text) of each message."""
    return [(one.name, "\n".join(list_texts(one.markdown))) for one in app.chat_message]


def list_conversations(app: AppTest) -> list[str]:
    """Return the titles of the conversations in the sidebar, as they stand."""
    return [one.label for one in app.sidebar.button if (one.key or "").startswith("open-")]


def find_entry(app: AppTest, title: str) -> Button:
    """Return the entry of a conversation in the sidebar."""
    (entry,) = (button for button in app.sidebar.button if button.label == title)
    return entry
