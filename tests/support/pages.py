"""The page in tests: how it is opened and asked, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from chatbot.domain.attachment import Attachment
from chatbot.page.state import PageState
from chatbot.services import Services
from locustfiles.streamlit_client.element_tree import as_read

Open = Callable[..., AppTest]
NOTE = Attachment("my_note.txt", "text/txt", 2400, b"Text of the note")


def ask(app: AppTest, prompt: str) -> AppTest:
    """Send a prompt and draw the page again when the answer is over."""
    sent: AppTest = app.chat_input[0].set_value(prompt).run()
    assert not sent.exception
    return wait_for_answer(sent).run()


def wait_for_answer(app: AppTest) -> AppTest:
    """Return the page when the answer that was started last is over."""
    state: PageState = app.session_state.page_state
    if generation := state.services.chat.find_generation(state.writing or ""):
        assert generation.over.wait(60)
    return app


def list_texts(elements: Any) -> list[str]:
    """Return what each of these elements says."""
    return [element.value for element in elements]


def list_plain_texts(elements: Any) -> list[str]:
    """Return the same as a person reads it where it quotes something."""
    return [as_read(one.value) for one in elements]


def list_messages(app: AppTest) -> list[tuple[str, str]]:
    """Return (role, text) of each message of the open conversation."""
    state: PageState = app.session_state.page_state
    if state.conversation_id is None:
        return []
    opened = state.services.chat.open_conversation(state.user_id, state.conversation_id)
    return [(shown.message.role, shown.message.content) for shown in opened.messages]


def list_conversations(app: AppTest) -> list[str]:
    """Return the titles of the conversations in the sidebar."""
    return [row["title"] for row in read_sidebar(app)["rows"]]


def read_transcript(app: AppTest) -> dict[str, Any]:
    """Return what the page hands the transcript in the browser."""
    return _read_component(app, "chat_transcript")


def read_sidebar(app: AppTest) -> dict[str, Any]:
    """Return what the page hands the sidebar in the browser."""
    return _read_component(app, "chat_sidebar")


def read_header(app: AppTest) -> dict[str, Any]:
    """Return what the page hands its head in the browser."""
    return _read_component(app, "chat_header")


def _read_component(app: AppTest, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_find_component(app, name).json)
    return data


def _find_component(app: AppTest, name: str) -> Any:
    components = [component.proto for component in app.get("bidi_component")]
    (found,) = (component for component in components if component.component_name == name)
    return found


def act(app: AppTest, name: str, **what: object) -> AppTest:
    """Do in the transcript what its buttons do, wait for the answer, if any, and draw the page."""
    acted = send_act(app, "chat_transcript", {"act": name, **what})
    assert not acted.exception
    return wait_for_answer(acted).run()


def act_in_sidebar(app: AppTest, name: str, **what: object) -> AppTest:
    """Do in the sidebar what its buttons do, and draw what comes of it."""
    return send_act(app, "chat_sidebar", {"act": name, **what})


def choose_model(app: AppTest, model: str) -> AppTest:
    """Choose a model in the page's head, and draw what comes of it."""
    return send_act(app, "chat_header", {"act": "choose", "model": model})


def send_act(app: AppTest, component: str, value: object) -> AppTest:
    """Send what a component tells, and draw what comes of it."""
    states = app._tree.get_widget_states()
    trigger = f"$$STREAMLIT_INTERNAL_KEY_{_find_component(app, component).id}__events"
    states.widgets.add(
        id=trigger, json_trigger_value=json.dumps([{"event": "act", "value": value}])
    )
    return app._run(states)


def open_titled(app: AppTest, title: str) -> AppTest:
    """Open the conversation with this title, and draw it."""
    (row,) = (row for row in read_sidebar(app)["rows"] if row["title"] == title)
    return act_in_sidebar(app, "open", conversation=row["id"])


class SessionState:
    """A session state that is only a dictionary."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__["values"] = values

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["values"][name] = value


def store_conversations(ready: Services, user_id: str, *prompts: str) -> list[str]:
    """Store conversations of one exchange and return their ids."""
    exchanges = [ready.history.store_prompt(user_id, None, prompt, "m") for prompt in prompts]
    for exchange in exchanges:
        ready.history.finish_answer(
            exchange.answer.id, content=f"On {exchange.prompt.content}", state="done"
        )
    return [exchange.conversation.id for exchange in exchanges]
