"""The events of one answer, as a browser's EventSource reads them.

It takes as many connections as needed, each of which goes on where the last one broke off.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from locustfiles.streamlit_client.http_client import HttpClient, HttpError, Response
from locustfiles.streamlit_client.meter import Meter
from locustfiles.streamlit_client.server_events import EventParser, ServerEvent

OnEvent = Callable[[str, Any, float], None]
_RECONNECT_S = 1.0  # after a stream that broke off


class GenerationStream:
    """Reads in a thread of its own until the end or `close`.

    `on_event(name, data, at)` is called there, `at` being `time.perf_counter()` just after the
    bytes came; `on_refusal(error)` when the server has no such answer. `make_path(last)` is the
    address of what comes after the event `last`.
    """

    def __init__(
        self,
        http: HttpClient,
        meter: Meter,
        make_path: Callable[[str], str],
        on_event: OnEvent,
        on_refusal: Callable[[HttpError], None],
    ) -> None:
        self._http, self._meter, self._make_path = http, meter, make_path
        self._on_event, self._on_refusal = on_event, on_refusal
        self._parser = EventParser()
        self._closed = threading.Event()
        self._has_ended = False
        self._response: Response | None = None
        threading.Thread(target=self._read_to_end, daemon=True).start()

    def close(self) -> None:
        """Read no more."""
        self._closed.set()
        if self._response:
            self._response.interrupt()

    def _read_to_end(self) -> None:
        while not self._has_ended and not self._closed.is_set():
            try:
                self._read_connection()
            except HttpError as error:
                if error.status < 500:  # else another replica may answer, or this one a bit later
                    self._on_refusal(error)
                    return
            except OSError:
                pass  # it broke off, or nobody was there
            if not self._has_ended:
                self._closed.wait(_RECONNECT_S)

    def _read_connection(self) -> None:
        path = self._make_path(self._parser.last_id)
        self._parser = EventParser(self._parser.last_id)
        self._response = self._http.open("GET", path, {"Accept": "text/event-stream"})
        if self._closed.is_set():
            self._response.interrupt()
        for chunk in self._response.read_chunks():
            at = time.perf_counter()
            for event in self._parser.feed(chunk):
                self._take_event(event, at)

    def _take_event(self, event: ServerEvent, at: float) -> None:
        self._meter.count_message(len(event.data.encode()))
        self._has_ended = event.name == "end"
        self._on_event(event.name, json.loads(event.data), at)
