"""A reader of the chat page: what a person does there, and what becomes known of the answer."""

from __future__ import annotations

import time

from locustfiles.run.person import PlannedExchange, reading_seconds
from locustfiles.run.records import Record
from locustfiles.streamlit_client.user import Answer, Asking, NoAnswer, StreamlitUser


class PageReader:
    """One tab of one visitor. Raises NoAnswer or OSError when the page does not do what it should.

    The page may be in any language: how an answer ended is known by its state and code.
    """

    def __init__(self, host: str, timeout: float, locale: str = "en-US") -> None:
        self._tab = StreamlitUser(host, timeout, assets=True, locale=locale)
        self._left = ""  # the answer that was being written when the tab was closed
        self.is_open = False

    @property
    def replica(self) -> str:
        """The process that serves this session."""
        return self._tab.session.socket.headers.get("X-Served-By", "")

    def open(self, record: Record) -> None:
        """Load the page, with its assets the first time; fill the record.

        Its state is that of the answer that was left there, if one was.
        """
        record.total_s = self._tab.connect()
        self.is_open = True
        record.replica = self.replica
        left, self._left = self._left, ""
        for message in self._tab.transcript():
            if message.id == left:
                record.state, record.code = message.state, message.code

    def close(self) -> None:
        """Close the tab."""
        if self.is_open:
            self.is_open = False
            self._tab.close()

    def ask(self, exchange: PlannedExchange, record: Record) -> float:
        """Ask and see what comes; fills the record, returns the seconds still needed to read."""
        record.replica = self.replica
        if exchange.opens and self._tab.messages():
            self._tab.click("new")
            self._tab.wait_for(lambda: not self._tab.messages(), "the conversation is empty")
        asking = self._tab.begin(exchange.prompt.text)
        if exchange.then != "read":
            asking.wait_for_text(self._tab.timeout)
            time.sleep(exchange.after_s)
        acts = exchange.then != "read" and not asking.has_ended
        if exchange.then == "leave" and acts:
            self._leave(asking, record)
            return 0.0
        if exchange.then == "stop" and acts:
            self._tab.stop()
        return self._read_answer(asking.result(self._tab.timeout), record)

    def _leave(self, asking: Asking, record: Record) -> None:
        self._left = asking.message_id
        self.close()
        record.outcome, record.ttft_s = "left", asking.updates[0]

    def _read_answer(self, answer: Answer, record: Record) -> float:
        _fill_record(record, answer)
        if answer.has_failed or not answer.text:
            raise NoAnswer(answer.alerts or f"no text came; the answer is {answer.state}")
        if answer.state == "stopped":
            return 0.0
        return reading_seconds(answer.text, answer.last_text - answer.updates[0])


def _fill_record(record: Record, answer: Answer) -> None:
    """Note what is known of the answer."""
    record.ttft_s, record.total_s = answer.ttft, answer.last_text
    record.state, record.code = answer.state, "length" if answer.is_cut else answer.code
    record.outcome = "stopped" if answer.state == "stopped" else "done"
    record.prompt_tokens, record.tokens = answer.input_tokens or None, answer.output_tokens or None
    record.queue_s = answer.queued_s if answer.input_tokens else None
