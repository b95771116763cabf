"""A virtual user of the chat: what a browser sends and keeps, over the real WebSocket and HTTP.

    with StreamlitUser("http://127.0.0.1:8501") as user:
        answer = user.ask("What is a fragment?")

Plain blocking calls and no Locust import; it works under gevent when that has patched first, as
importing Locust does. A browser shows a text about 25 ms after the socket has it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from streamlit.proto.WidgetStates_pb2 import WidgetState

from locustfiles.streamlit_client.answer import Answer, Asking, NoAnswer
from locustfiles.streamlit_client.element_tree import Node
from locustfiles.streamlit_client.session import SIDEBAR_KEY, TRANSCRIPT_KEY, StreamlitSession
from locustfiles.streamlit_client.transcript_messages import TranscriptMessage

__all__ = ["Answer", "Asking", "NoAnswer", "StreamlitUser", "TranscriptMessage"]


class StreamlitUser:
    """One browser tab. Cookies outlive `close`: `connect` again is a reload by the same visitor.

    `timeout` (seconds) bounds each wait. `session` is the open connection with its element tree.
    `assets`: the first `connect` also fetches the scripts, styles and fonts that the page names, as
    a browser does whose cache is empty. `locale` is the browser's language.
    """

    session: StreamlitSession

    def __init__(
        self, base_url: str, timeout: float = 60, assets: bool = False, locale: str = "en-US"
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.assets = assets
        self.locale = locale
        self.cookies: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, query: str | None = None, wait_for_input: bool = True) -> float:
        """Open the page in a new session; returns the seconds until it was drawn.

        `query` is what stands behind the ? in the address; None: what stands there (a reload).
        Drawn: a script run has ended, the transcript is there, and a chat input is, unless
        `wait_for_input` is False.
        Raises OSError when the server is not there, TimeoutError when the page does not come.
        """
        started = time.perf_counter()
        if query is None:
            query = self.session.query if hasattr(self, "session") else ""
        if hasattr(self, "session"):
            self.session.close()
        self.session = StreamlitSession(
            self.base_url, self.cookies, query, self.timeout, self.assets, self.locale
        )
        self.assets = False  # from now on they are in the cache
        self.wait_for(lambda: self._is_drawn(wait_for_input), "the page is drawn")
        return time.perf_counter() - started

    def ask(self, prompt: str) -> Answer:
        """Send a prompt and wait for the end of its answer. Raises NoAnswer when no text came."""
        answer = self.begin(prompt).result(self.timeout)
        if answer.ttft is None:
            raise NoAnswer(f"no text came; the page says: {answer.alerts or 'nothing'}")
        return answer

    def begin(self, prompt: str) -> Asking:
        """Send a prompt and return at once: wait for its text or end, stop, click or close."""
        session = self.session
        with session.changed:
            box = next(iter(session.tree.elements("chat_input")), None)
        if box is None or box.element is None:
            raise NoAnswer("the page has no chat input")
        asking = session.expect_answer()
        state = WidgetState(id=box.element.chat_input.id)
        state.chat_input_value.data = prompt
        state.chat_input_value.file_uploader_state.SetInParent()
        session.rerun(state, box.fragment_id)
        return asking

    def begin_act(self, act: str, message: str, **arguments: object) -> Asking:
        """Do to a message what makes an answer ("again", "edit"); return at once."""
        asking = self.session.expect_answer()
        self.session.trigger_act(TRANSCRIPT_KEY, act, message=message, **arguments)
        return asking

    def act(self, act: str, **arguments: object) -> None:
        """Do something in the transcript that makes no answer ("show", "delete" …)."""
        self.session.trigger_act(TRANSCRIPT_KEY, act, **arguments)

    def stop(self) -> None:
        """Press Stop: the answer that is being written ends. Raises LookupError without one."""
        self.session.transcript.stop()

    def click(self, name: str) -> None:
        """Press the button with this label or key. Raises LookupError when there is none."""
        with self.session.changed:
            button = self._find_button(name)
        if button is None or button.element is None:
            raise LookupError(f"the page has no button {name!r}")
        state = WidgetState(id=button.element.button.id, trigger_value=True)
        self.session.rerun(state, button.fragment_id)

    def close(self) -> None:
        """Close the tab."""
        self.session.close()

    def messages(self) -> list[tuple[str, str]]:
        """(role, text) of each message of the transcript."""
        return [(message.role, message.content) for message in self.transcript()]

    def transcript(self) -> list[TranscriptMessage]:
        """Return the messages of the transcript as they stand."""
        with self.session.changed:
            return [replace(message) for message in self.session.transcript.messages]

    def conversations(self) -> list[str]:
        """Return the titles of the conversations in the sidebar."""
        with self.session.changed:
            sidebar = self.session.find_component(SIDEBAR_KEY)
            if sidebar is None or sidebar.element is None:
                return []
            return [row["title"] for row in json.loads(sidebar.element.bidi_component.json)["rows"]]

    def text(self) -> str:
        """Return what can be read round the transcript, and what components are told."""
        with self.session.changed:
            return self.session.tree.root.text

    def alerts(self) -> str:
        """Return the errors, warnings, notes and exceptions on the page and in the transcript."""
        with self.session.changed:
            transcript = self.session.transcript
            errors = [message.error for message in transcript.messages]
            texts = [self.session.tree.root.alerts, *errors, transcript.failure]
            return " | ".join(text for text in texts if text)

    def keys(self, begin: str = "") -> list[str]:
        """Return the keys of the elements that begin so, in the order of the page."""
        with self.session.changed:
            return [key for key in self.session.tree.root.keys if key.startswith(begin)]

    def has_button(self, name: str) -> bool:
        """Return whether a button with this label or key is on the page."""
        with self.session.changed:
            return self._find_button(name) is not None

    def wait_for(self, condition: Callable[[], bool], what: str = "it is so") -> None:
        """Return as soon as `condition()` holds; it is asked after each message of the server.

        Raises TimeoutError after `timeout` seconds, ConnectionError when the server closed.
        """
        session = self.session
        with session.changed:
            session.changed.wait_for(lambda: condition() or session.closed, self.timeout)
            if not condition():
                error = ConnectionError if session.closed else TimeoutError
                raise error(f"waited until {what}; the page says: {self.alerts() or 'nothing'}")

    def _is_drawn(self, wait_for_input: bool) -> bool:
        session = self.session
        if not session.runs_finished or not session.transcript.is_current:
            return False
        return not wait_for_input or bool(session.tree.elements("chat_input"))

    def _find_button(self, name: str) -> Node | None:
        for node in self.session.tree.elements("button"):
            button = node.element.button if node.element else None
            if button and name in (button.label, node.key):
                return node
        return None
