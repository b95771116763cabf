"""The page in tests: how it is opened and asked, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from chatbot.domain.attachment import Attachment
from chatbot.services import Services
from locustfiles.streamlit_client.element_tree import as_read

Open = Callable[..., AppTest]
NOTE = Attachment("my_note.txt", "text/txt", 2400, b"Text of the note")


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


def find_button(app: AppTest, label: str) -> Button:
    """Return the button of the sidebar with this label, such as a conversation."""
    (button,) = (one for one in app.sidebar.button if one.label == label)
    return button


def choose_action(app: AppTest, exchange: int, action: str) -> AppTest:
    """Choose from the menu below an answer and draw what comes of it."""
    chosen: AppTest = app.menu_button[exchange].click(action).run()
    assert not chosen.exception
    return chosen


class SessionState:
    """A session state that is only a dictionary."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__["values"] = values

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["values"][name] = value


def press_button(app: AppTest, label: str) -> AppTest:
    """Press a button of the sidebar and draw what comes of it."""
    return find_button(app, label).click().run()


def store_conversations(ready: Services, user_id: str, *prompts: str) -> list[str]:
    """Store conversations of one exchange and return their ids."""
    exchanges = [ready.history.store_prompt(user_id, None, prompt, "m") for prompt in prompts]
    for exchange in exchanges:
        ready.history.finish_answer(
            exchange.answer.id, content=f"On {exchange.prompt.content}", state="done"
        )
    return [exchange.conversation.id for exchange in exchanges]
