"""What each visitor and each network address may take of the chat, so that it is there for all.

A visitor is whoever has a history of their own: a person who signed in, else a browser. Browsers
are made at will, so an address has its share too, a generous one: many people may be behind it.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from chatbot import errors
from chatbot.settings import Settings

log = logging.getLogger("chatbot.chat.shares")

READS_PER_MINUTE = 600  # of a conversation, an answer's events or an image; a page takes some three
EXPORT_READS = 100  # which one file of conversations counts as
SEARCHES_PER_MINUTE = 120
FILES_MB_PER_MINUTE = 400
VISITORS_OF_AN_ADDRESS = 200  # whose rates one address may have together
ANSWERS_OF_PROGRAMS = 7 / 8  # of MAX_ANSWERS, which programs without a key at one address may have
ANSWERS_OF_AN_ADDRESS = 15 / 16  # of MAX_ANSWERS, which one address may have

_MINUTE_S = 60.0
_ROUNDING_S = 0.001  # of a sum of many parts
_FEW_NAMES = 1000  # of which none is forgotten


class ShareExceeded(errors.ChatError):
    """A visitor or an address has as many answers under way as they may."""

    status = 429
    texts: ClassVar = {
        "too_many_answers": (
            "{count} answer of yours is under way, as many as one visitor may have at once. "
            "Wait for its end, or stop it.",
            "{count} answers of yours are under way, as many as one visitor may have at once. "
            "Wait for the end of one, or stop it.",
        ),
        "too_many_answers_of_address": (
            "{count} answer is under way for your network address, as many as one may have at "
            "once. Try again when it has ended.",
            "{count} answers are under way for your network address, as many as one may have at "
            "once. Try again when one has ended.",
        ),
    }

    @property
    def retry_after_s(self) -> int:
        """After how many seconds it is worth another try."""
        return 10


class RateExceeded(ShareExceeded):
    """A visitor or an address has taken what they may take in a minute; `count` is in seconds."""

    texts: ClassVar = {
        "too_many_prompts": (
            "One visitor may send {most} prompts a minute. Send it again in {count} second.",
            "One visitor may send {most} prompts a minute. Send it again in {count} seconds.",
        ),
        "too_many_files": (
            "One visitor may send {most} MB of files a minute. Send it again in {count} second.",
            "One visitor may send {most} MB of files a minute. Send it again in {count} seconds.",
        ),
        "too_many_reads": (
            "One visitor may load {most} parts of the chat a minute. Try again in {count} second.",
            "One visitor may load {most} parts of the chat a minute. Try again in {count} seconds.",
        ),
        "too_many_searches": (
            "One visitor may search {most} times a minute. Try again in {count} second.",
            "One visitor may search {most} times a minute. Try again in {count} seconds.",
        ),
        "too_much_of_address": (
            "Your network address asks too much of this chat. Try again in {count} second.",
            "Your network address asks too much of this chat. Try again in {count} seconds.",
        ),
    }

    @property
    def retry_after_s(self) -> int:
        """After how many seconds the share is free again."""
        seconds = self.arguments["count"]
        assert isinstance(seconds, int)
        return seconds


def retry_headers(error: errors.ChatError) -> dict[str, str]:
    """Return the header that says after how many seconds a share is free again, if any is taken."""
    return {"Retry-After": str(error.retry_after_s)} if isinstance(error, ShareExceeded) else {}


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose shares are taken: a visitor's, "" for a program, and an address's, "" for none."""

    visitor: str = ""
    address: str = ""


NOBODY = Asker()  # a program that has the key: it takes nobody's share


@dataclass(frozen=True)
class AnswerBound:
    """At most so many answers at once of those that count, else what `refuse` makes of the number.

    An answer counts by who asked for it.
    """

    most: int
    counts: Callable[[Asker], bool]
    refuse: Callable[[int], errors.ChatError]


def list_answer_bounds(asker: Asker, settings: Settings) -> list[AnswerBound]:
    """Return what bounds the answers of this asker: MAX_ANSWERS last, before it what is less."""
    most = settings.max_answers
    whole = AnswerBound(most, lambda _: True, lambda count: errors.Busy(count=count))
    of_visitor = AnswerBound(
        settings.answers_per_visitor,
        lambda other: other.visitor == asker.visitor,
        lambda count: ShareExceeded("too_many_answers", count=count),
    )
    of_programs = AnswerBound(
        max(1, math.floor(most * ANSWERS_OF_PROGRAMS)),
        lambda other: other == asker,
        lambda count: ShareExceeded("too_many_answers_of_address", count=count),
    )
    of_address = AnswerBound(
        math.ceil(most * ANSWERS_OF_AN_ADDRESS),
        lambda other: other.address == asker.address,
        lambda count: ShareExceeded("too_many_answers_of_address", count=count),
    )
    own = [of_visitor] if asker.visitor else [of_programs] if asker.address else []
    shares = [*own, of_address] if asker.address else own
    return [*(bound for bound in shares if bound.most < most), whole]


class Rate:
    """So much a minute for each name, all of it at once if need be."""

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._taken_until: dict[str, float] = {}  # time.monotonic() in seconds: then all is back
        self._sweep_at = _FEW_NAMES
        self._lock = threading.Lock()

    def take(self, name: str, amount: float = 1) -> float:
        """Take an amount; return 0, or the seconds until there is so much, having taken nothing.

        More than there is in a whole minute counts as that.
        """
        takes_s = min(amount / self.per_minute, 1) * _MINUTE_S
        now = time.monotonic()
        with self._lock:
            until = max(self._taken_until.get(name, now), now) + takes_s
            wait_s = until - now - _MINUTE_S
            if wait_s > _ROUNDING_S:
                return wait_s
            self._taken_until[name] = until
            if len(self._taken_until) > self._sweep_at:
                self._forget_free(now)
        return 0

    def _forget_free(self, now: float) -> None:
        taken = {name: until for name, until in self._taken_until.items() if until > now}
        self._taken_until, self._sweep_at = taken, max(_FEW_NAMES, 2 * len(taken))


_lines = Rate(1)


def log_refusal(asker: Asker, error: errors.ChatError) -> errors.ChatError:
    """Return the error; the log tells it once a minute for each asker and code."""
    if not _lines.take(f"{error.code} {asker.visitor} {asker.address}"):
        log.warning("%s for visitor %r at %r: %s", error.code, asker.visitor, asker.address, error)
    return error


class _RateShare:
    """What one visitor, and the visitors of one address together, may take in a minute."""

    def __init__(self, code: str, per_minute: float) -> None:
        self._code = code
        self._visitors = Rate(per_minute)
        self._addresses = Rate(per_minute * VISITORS_OF_AN_ADDRESS)

    def take(self, asker: Asker, amount: float = 1) -> None:
        """Take an amount; raises RateExceeded when too much has been taken of late."""
        if asker.visitor and (wait_s := self._visitors.take(asker.visitor, amount)):
            most = round(self._visitors.per_minute)
            raise log_refusal(asker, RateExceeded(self._code, most=most, count=math.ceil(wait_s)))
        if asker.address and (wait_s := self._addresses.take(asker.address, amount)):
            error = RateExceeded("too_much_of_address", count=math.ceil(wait_s))
            raise log_refusal(asker, error)


class Shares:
    """The shares that are counted by the minute; each call may raise RateExceeded."""

    def __init__(self, settings: Settings) -> None:
        self._prompts = _RateShare("too_many_prompts", settings.prompts_per_minute)
        self._files = _RateShare("too_many_files", FILES_MB_PER_MINUTE)
        self._reads = _RateShare("too_many_reads", READS_PER_MINUTE)
        self._searches = _RateShare("too_many_searches", SEARCHES_PER_MINUTE)

    def take_prompt(self, asker: Asker) -> None:
        """Count a prompt, or whatever else has a model write."""
        self._prompts.take(asker)

    def take_file(self, asker: Asker, size: int) -> None:
        """Count the bytes of a file that is to be read."""
        self._files.take(asker, size / 1_000_000)

    def take_reads(self, asker: Asker, count: int = 1) -> None:
        """Count what a browser or a program loads."""
        self._reads.take(asker, count)

    def take_search(self, asker: Asker) -> None:
        """Count a search."""
        self._searches.take(asker)
