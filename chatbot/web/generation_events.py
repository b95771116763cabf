"""An answer as server-sent events: what a reader lacks of it, as it comes, until its end."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Protocol

import orjson
from pydantic import BaseModel

from chatbot import errors
from chatbot.chat.generation import Generation
from chatbot.chat.message_keeper import apply_generation
from chatbot.chat.open_conversation import AnswerEnd, ShownMessage
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Message
from chatbot.history import HistoryUnavailable, NotFound
from chatbot.history.schema import storable
from chatbot.i18n.translator import Translator
from chatbot.services import Services
from chatbot.web import transcript_words
from chatbot.web.transcript_models import ExchangeEvent, WaitEvent
from chatbot.web.transcript_view import Reader, view_end, view_message

UPDATE_S = 0.08  # tokens that come within this time share an event
WAIT_S = 0.5  # how often what an answer waits for is looked at
STORED_S = 1.0  # how often an answer that is written elsewhere is read
KEEP_ALIVE_S = 15.0  # proxies cut a connection that is silent for longer, most after 60 s

_ALIVE = b":\n\n"
_MOVED = b"event:moved\ndata:{}\n\n"
_POSITION = re.compile(r"(\d{1,9})\.(\d{1,9})(m?)")


@dataclass
class SentText:
    """What a reader has of an answer, which is the beginning of what there is."""

    thinking: str = ""
    text: str = ""
    moved: bool = False  # what was text at first became thinking

    @classmethod
    def at(cls, position: str, thinking: str, text: str, moved: bool | None) -> SentText | None:
        """Return what a reader at this position has of an answer; None if that is not known.

        `moved` is None where nobody knows whether text became thinking.
        """
        if not (match := _POSITION.fullmatch(position)):
            return None
        sent = cls(thinking[: int(match[1])], text[: int(match[2])], bool(match[3]))
        # Thinking comes before the text, unless that was text at first.
        is_doubtful = sent.text and thinking and not sent.thinking and not sent.moved
        has_moved = bool(is_doubtful) if moved is None else moved != sent.moved
        is_short = len(thinking) < int(match[1]) or len(text) < int(match[2])
        return None if is_short or has_moved else sent

    @property
    def position(self) -> str:
        """Return the id of an event after which a reader has this."""
        return f"{len(self.thinking)}.{len(self.text)}{'m' if self.moved else ''}"

    def continue_to(self, thinking: str, text: str) -> bytes | None:
        """Return the events that bring a reader to these texts; None if none can."""
        events = b""
        if not text.startswith(self.text):
            if not self._move(thinking):
                return None
            events = _MOVED
        if len(thinking) > len(self.thinking):
            new, self.thinking = thinking[len(self.thinking) :], thinking
            events += b"event:thinking\nid:%b\ndata:%b\n\n" % (self._id(), _dump_text(new))
        if len(text) > len(self.text):
            new, self.text = text[len(self.text) :], text
            events += b"id:%b\ndata:%b\n\n" % (self._id(), _dump_text(new))
        return events

    def _move(self, thinking: str) -> bool:
        """Take the text for thinking; False when more than its outer spaces differs from that."""
        for text in (self.text.lstrip(), self.text.strip()):
            if thinking.startswith(self.thinking + text):
                self.thinking, self.text, self.moved = self.thinking + text, "", True
                return True
        return False

    def _id(self) -> bytes:
        return self.position.encode()


def _dump_text(text: str) -> bytes:
    return orjson.dumps(storable(text))


def make_event(name: str, data: BaseModel, position: str = "") -> bytes:
    """Return an event of this name."""
    identifier = f"id:{position}\n" if position else ""
    return f"event:{name}\n{identifier}data:{data.model_dump_json()}\n\n".encode()


class Source(Protocol):
    """Where an answer comes from: this process makes it, or another one saves it."""

    exchange: Exchange

    @property
    def texts(self) -> tuple[str, str]:
        """Return its thinking and its text so far."""

    @property
    def moved(self) -> bool | None:
        """Return whether text became thinking; None when nobody knows."""

    @property
    def is_over(self) -> bool:
        """Return whether nothing more comes."""

    @property
    def is_lost(self) -> bool:
        """Return whether a reader has to ask again to learn the rest."""

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait until more may have come, or about so long."""

    def describe_wait(self, translator: Translator) -> str:
        """Return what it waits for while nothing has come."""

    def answer(self) -> Message:
        """Return the answer as it is now."""


@dataclass
class Made:
    """An answer that this process makes."""

    services: Services
    generation: Generation
    exchange: Exchange
    is_lost: bool = False

    @property
    def texts(self) -> tuple[str, str]:
        """Return its thinking and its text so far."""
        return self.generation.thinking, self.generation.text

    @property
    def moved(self) -> bool:
        """Return whether text became thinking."""
        return self.generation.moved

    @property
    def is_over(self) -> bool:
        """Return whether it has ended and is kept."""
        return self.generation.finished.is_set()

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait until more comes, or so long."""
        await self.generation.wait_for_change(timeout_s)

    def describe_wait(self, translator: Translator) -> str:
        """Return the stage that it is at."""
        return transcript_words.describe_wait(self.services, self.generation, translator)

    def answer(self) -> Message:
        """Return it as it would be kept now."""
        return apply_generation(self.exchange.answer, self.generation)


@dataclass
class Stored:
    """An answer that has ended, or that another process makes and saves."""

    services: Services
    exchange: Exchange
    moved: None = None
    is_lost: bool = False

    @property
    def texts(self) -> tuple[str, str]:
        """Return its thinking and its text as they were saved last."""
        return self.exchange.answer.thinking, self.exchange.answer.content

    @property
    def is_over(self) -> bool:
        """Return whether it has ended."""
        return self.exchange.answer.state != "writing"

    async def wait_for_change(self, timeout_s: float) -> None:
        """Read it again a little later; it is lost when it is gone, or when this process ends."""
        await asyncio.sleep(STORED_S)
        chat, exchange = self.services.chat, self.exchange
        self.is_lost = chat.is_draining
        try:
            ids = exchange.conversation.user_id, exchange.answer.id
            answer = await asyncio.to_thread(chat.follow_answer, *ids)
            self.exchange = replace(exchange, answer=answer)
        except HistoryUnavailable:
            return  # it is in the log; the next time, perhaps
        except NotFound:
            self.is_lost = True

    def describe_wait(self, translator: Translator) -> str:
        """Return what nearly all wait for: its own process alone knows better."""
        return translator.translate("Reading the prompt…")

    def answer(self) -> Message:
        """Return it as it was saved last."""
        return self.exchange.answer


@dataclass
class AnswerEvents:
    """The events of one answer for one reader; `last_id` names what they have of it, if any."""

    services: Services
    source: Source
    reader: Reader
    last_id: str = ""
    _wait: str = ""  # what it was said to wait for
    _told_at: float = 0.0  # time.monotonic() in seconds

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the events until the end."""
        source = self.source
        sent = SentText.at(self.last_id, *source.texts, source.moved)
        while not source.is_lost:
            is_over = source.is_over
            events = None if sent is None else sent.continue_to(*source.texts)
            if sent is None or events is None:
                sent, events = self._begin()
            if events:
                yield self._tell(events)
            if is_over:
                yield await self._make_end()
                return
            if events and any(source.texts):
                await asyncio.sleep(UPDATE_S)
            elif not events:
                await source.wait_for_change(KEEP_ALIVE_S if any(source.texts) else WAIT_S)
                if pulse := self._make_pulse():
                    yield self._tell(pulse)

    def _begin(self) -> tuple[SentText, bytes]:
        thinking, text = self.source.texts
        exchange = self.source.exchange
        answer, prompt = self.source.answer(), exchange.prompt
        versions = exchange.versions
        event = ExchangeEvent(
            prompt=view_message(
                ShownMessage(prompt, versions.get(prompt.id, ()), exchange.files), self.reader
            ),
            answer=view_message(ShownMessage(answer, versions.get(answer.id, ())), self.reader),
        )
        sent = SentText(thinking, text, bool(self.source.moved))
        return sent, make_event("exchange", event, sent.position)

    def _make_pulse(self) -> bytes:
        """Return what an answer waits for, if it is news; a sign of life after long silence."""
        if not any(self.source.texts):
            wait = self.source.describe_wait(self.reader.translator)
            if wait != self._wait:
                self._wait = wait
                return make_event("wait", WaitEvent(text=wait))
        is_silent = time.monotonic() - self._told_at >= KEEP_ALIVE_S
        return _ALIVE if is_silent else b""

    async def _make_end(self) -> bytes:
        """Return the end; what it says beside the answer may have to be read."""
        answer, exchange = self.source.answer(), self.source.exchange
        end = AnswerEnd(ShownMessage(answer), exchange.conversation.title)
        with contextlib.suppress(errors.ChatError):  # the answer at least is known
            describe = self.services.chat.describe_end
            end = await asyncio.to_thread(describe, exchange, answer)
        event = view_end(self.services, end, self.reader, has_texts=False)
        return make_event("end", event)

    def _tell(self, events: bytes) -> bytes:
        self._told_at = time.monotonic()
        return events
