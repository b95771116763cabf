"""A reader of the chat page: what a person does there, and what the page tells of an answer."""

from __future__ import annotations

import time

from locustfiles.run.person import PlannedExchange, reading_seconds
from locustfiles.run.records import Record
from locustfiles.streamlit_client.answer_end import read_ends
from locustfiles.streamlit_client.user import Answer, NoAnswer, StreamlitUser


class PageReader:
    """One tab of one visitor. Raises NoAnswer or OSError when the page does not do what it should.

    The page tells how an answer ended, its tokens and how long it was queued, no more. It may be in
    any language.
    """

    def __init__(self, host: str, timeout: float, locale: str = "en-US") -> None:
        self._tab = StreamlitUser(host, timeout, assets=True, locale=locale)
        self._empty = True
        self.is_open = False

    @property
    def replica(self) -> str:
        """The process that serves this session."""
        return self._tab.session.socket.headers.get("X-Served-By", "")

    def open(self) -> float:
        """Load the page, with its assets the first time; returns the seconds until it is drawn."""
        seconds = self._tab.connect()
        self.is_open = True
        return seconds

    def close(self) -> None:
        """Close the tab."""
        if self.is_open:
            self.is_open = False
            self._tab.close()

    def ask(self, exchange: PlannedExchange, record: Record) -> float:
        """Ask and see what comes; fills the record, returns the seconds still needed to read."""
        record.replica = self.replica
        if exchange.opens and not self._empty:
            self._tab.click("new")
            self._tab.wait_for(lambda: not self._tab.messages(), "the conversation is empty")
        self._empty = False
        asking = self._tab.begin(exchange.prompt.text)
        if exchange.then != "read":
            asking.wait_for_text(self._tab.timeout)
            time.sleep(exchange.after_s)
        over = asking.ended > 0
        if exchange.then == "leave" and not over:
            self.close()
            record.outcome, record.ttft_s = "left", asking.updates[0]
            return 0.0
        if exchange.then == "stop" and not over:
            self._tab.click("stop")
        answer = asking.result(self._tab.timeout)
        has_failed = _fill_record(record, answer)
        if has_failed or not answer.text:
            raise NoAnswer(answer.alerts or self._tab.alerts() or "no text came")
        if exchange.then == "stop" and not over:
            record.outcome = "stopped"
            return 0.0
        record.outcome = "done"
        return reading_seconds(answer.text, answer.last_text - answer.updates[0])


def _fill_record(record: Record, answer: Answer) -> bool:
    """Note what is known of the answer; return whether the page says that it has failed."""
    record.ttft_s, record.total_s = answer.ttft, answer.last_text
    ends = read_ends(answer.keys)
    for end in ends:
        record.prompt_tokens, record.tokens = end.prompt_tokens or None, end.tokens or None
        record.queue_s = end.queued_s
    return any(end.has_failed for end in ends)
