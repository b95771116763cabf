"""The page's transcript as the browser's component keeps it: fed by the chat's API, not the page.

The page tells the component which conversation it shows and which answer is being written. What
stands there comes by GET; what is being written, by events.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from locustfiles.streamlit_client.answer import Asking
from locustfiles.streamlit_client.generation_stream import GenerationStream
from locustfiles.streamlit_client.http_client import HttpClient
from locustfiles.streamlit_client.meter import Meter
from locustfiles.streamlit_client.transcript_messages import TranscriptMessage


@dataclass(frozen=True)
class PageData:
    """What the page tells the component; `visitor` is who asks, where cookies do not say it."""

    conversation: str | None = None
    revision: int = 0
    writing: str | None = None
    visitor: str = ""

    @classmethod
    def from_json(cls, text: str) -> PageData:
        """Return the data of the element's JSON."""
        values = json.loads(text)
        return cls(
            values["conversation"], values["revision"], values["writing"], values["visitor"] or ""
        )


class Transcript:
    """Follows what the page says. All of it changes within `changed`, which is then notified.

    `failure` says why the messages could not be fetched, else empty. `refresh` is called when an
    answer has ended after which the page has to be drawn anew.
    """

    def __init__(
        self,
        http: HttpClient,
        meter: Meter,
        changed: threading.Condition,
        refresh: Callable[[], None],
    ) -> None:
        self.messages: list[TranscriptMessage] = []
        self.failure = ""
        self.asking: Asking | None = None
        self._page = PageData()
        self._http, self._meter, self._changed = http, meter, changed
        self._refresh = refresh
        self._fetching = 0
        self._stream: GenerationStream | None = None
        self._followed = ""

    @property
    def is_current(self) -> bool:
        """Whether nothing is being fetched."""
        return self._fetching == 0

    def show(self, page: PageData) -> None:
        """Take what the page says; call it within `changed`."""
        before, self._page = self._page, page
        if page.conversation != before.conversation:
            self._rest()
            self.messages, self._followed, self.failure = [], "", ""
        if (page.conversation, page.revision) != (before.conversation, before.revision):
            self._begin_fetching(page)
        if page.writing and page.writing != before.writing:
            self._follow(page.writing)

    def stop(self) -> None:
        """Press Stop. Raises LookupError when nothing is being written."""
        with self._changed:
            writing = next((m.id for m in self.messages if m.state == "writing"), None)
        if not writing:
            raise LookupError("nothing is being written")
        self._http.post(self._path("generations", writing, "stop"))

    def close(self) -> None:
        """Read no more: the tab is closed. An answer that was being written goes on without it."""
        with self._changed:
            if self.asking:
                self.asking.abandon("the tab was closed before the answer ended")
            self._rest()
        self._http.close()

    def _rest(self) -> None:
        if self._stream:
            self._stream.close()
            self._stream = None

    def _begin_fetching(self, page: PageData) -> None:
        if page.conversation:
            self._fetching += 1
            threading.Thread(target=self._fetch, args=(page,), daemon=True).start()

    def _fetch(self, page: PageData) -> None:
        failure, values = "", dict[str, Any](messages=[])
        try:
            path = self._path("conversations", str(page.conversation), "messages")
            values = self._http.get_json(path)
        except (OSError, ValueError) as error:
            failure = str(error)
        at = time.perf_counter()
        with self._changed:
            self._fetching -= 1
            if page.conversation == self._page.conversation:
                self.failure = failure
                self._put_messages(list(map(TranscriptMessage.from_json, values["messages"])), at)
            self._changed.notify_all()

    def _put_messages(self, messages: list[TranscriptMessage], at: float) -> None:
        """Show what was fetched; the answer that is followed may be further than it."""
        followed, before = self._find(self._followed), self.messages
        self.messages = messages
        stored = self._find(self._followed)
        if followed and (stored is None or stored.state == "writing"):
            above = before[: before.index(followed)][-1:]
            self._put_exchange([m for m in above if m.role == "user"] + [followed])
        writing = next((m.id for m in self.messages if m.state == "writing"), None)
        if writing and writing != self._followed:
            self._follow(writing)
        if self.asking and self.messages and self.messages[-1].role == "assistant":
            last = self.messages[-1]
            self.asking.observe(last, at, is_final=last.id != self._followed)

    def _follow(self, message_id: str) -> None:
        """Read the events of an answer, and of no other any more."""
        self._rest()
        self._followed = message_id
        self._stream = GenerationStream(
            self._http,
            self._meter,
            lambda last: self._path("generations", message_id, "events", last=last),
            lambda name, data, at: self._take_event(message_id, name, data, at),
            lambda error: self._lose(message_id, error),
        )

    def _lose(self, message_id: str, error: Exception) -> None:
        with self._changed:
            if message_id == self._followed and self.asking:
                self.asking.abandon(str(error))
            self._changed.notify_all()

    def _take_event(self, message_id: str, name: str, data: Any, at: float) -> None:
        """Change the transcript as an event says."""
        with self._changed:
            if message_id == self._followed:
                self._apply_event(message_id, name, data, at)
                self._changed.notify_all()

    def _apply_event(self, message_id: str, name: str, data: Any, at: float) -> None:
        if name == "exchange":
            told = [message for message in (data["prompt"], data["answer"]) if message]
            self._put_exchange([TranscriptMessage.from_json(message) for message in told])
        answer = self._find(message_id)
        if answer is None:
            return
        match name:
            case "":
                answer.content += data
            case "thinking":
                answer.thinking += data
            case "moved":
                answer.thinking, answer.content = answer.thinking + answer.content, ""
            case "end":
                answer.end(data["answer"])
        refreshes = name == "end" and bool(data.get("refresh"))
        if self.asking:
            self.asking.observe(answer, at, is_final=name == "end" and not refreshes)
        if refreshes:
            self._refresh()

    def _put_exchange(self, exchange: list[TranscriptMessage]) -> None:
        """Put the exchange at its place: instead of its other versions, or at the end."""
        places = {message.place for message in exchange}
        start = (n for n, message in enumerate(self.messages) if message.place in places)
        del self.messages[next(start, len(self.messages)) :]
        self.messages += exchange

    def _find(self, message_id: str) -> TranscriptMessage | None:
        return next((message for message in self.messages if message.id == message_id), None)

    def _path(self, *parts: str, **query: str) -> str:
        query["visitor"] = self._page.visitor
        known = {name: value for name, value in query.items() if value}
        return "/" + "/".join(parts) + (f"?{urlencode(known)}" if known else "")
