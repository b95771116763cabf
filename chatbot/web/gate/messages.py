"""What a browser may send over the page's WebSocket: which messages, how large, how often."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.gate.refusals import note_refusal
from chatbot.web.gate.rule import Rule
from chatbot.web.streamlit_internals import read_message

MAX_FRAME_BYTES = 2**20  # inflated; more only where MAX_PROMPT_CHARS needs it
FRAMES_AT_ONCE, FRAMES_PER_S = 200, 20
BYTES_AT_ONCE, BYTES_PER_S = 8 * 2**20, 2**18
MAX_SOCKETS_PER_VISITOR = 64
MESSAGES_AT_ONCE, MESSAGES_PER_S = 200, 10  # of all tabs of a visitor
PEOPLE_WITHOUT_COOKIES = 10  # that an address stands for, as in another site's frame

_MAX_PACES = 10_000  # visitors whose pace is known

# What the page sends, and of how many parts one may be: widgets, hashes, names of files.
ALLOWED = {"rerun_script": 2000, "stop_script": 0, "file_urls_request": 50}

_POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1
_BYTES_A_CHARACTER = 6  # at most, as JSON in a component's act: \u001f

RULES = [
    Rule(
        "messages",
        "send a message that the page never sends, such as load_git_info, or of very many parts",
        ", ".join(f"{kind} of {parts:,} parts" for kind, parts in ALLOWED.items()),
        f"the WebSocket is closed with {_POLICY_VIOLATION}",
    ),
    Rule(
        "frames",
        "send a frame that inflates without end",
        f"{MAX_FRAME_BYTES // 2**20} MiB, inflated and all fragments together, or what a prompt of "
        "MAX_PROMPT_CHARS needs",
        "the WebSocket is closed with 1009",
    ),
    Rule(
        "pace of frames",
        "send very many frames",
        f"{FRAMES_PER_S} a second ({FRAMES_AT_ONCE} at once), {BYTES_PER_S // 1024} KiB a second "
        f"({BYTES_AT_ONCE // 2**20} MiB at once), inflated",
        f"the WebSocket is closed with {_POLICY_VIOLATION}",
    ),
    Rule(
        "pace of messages",
        "have the page drawn without end",
        f"{MESSAGES_PER_S} messages a second ({MESSAGES_AT_ONCE} at once) of a visitor's tabs",
        f"the WebSocket is closed with {_POLICY_VIOLATION}",
    ),
    Rule(
        "sockets",
        "open very many tabs",
        f"{MAX_SOCKETS_PER_VISITOR} of one visitor; {PEOPLE_WITHOUT_COOKIES} times that, and "
        "that pace, of an address whose browsers send no cookie",
        "403",
    ),
]


def find_frame_limit(max_prompt_chars: int) -> int:
    """Return the largest message of a page, in bytes: a prompt and what goes with it."""
    return max(MAX_FRAME_BYTES, _BYTES_A_CHARACTER * max_prompt_chars + 2**17)


@dataclass
class Allowance:
    """How much of something may still be used, which grows again with time."""

    at_once: float
    per_s: float
    since_s: float

    def __post_init__(self) -> None:
        self._left = self.at_once

    def take(self, amount: float, time_s: float) -> bool:
        """Take an amount; False where that is more than is left."""
        grown = (time_s - self.since_s) * self.per_s
        self._left = min(self.at_once, self._left + grown) - amount
        self.since_s = time_s
        return self._left >= 0


@dataclass(frozen=True)
class _Bounds:
    """What may come over a page's WebSocket."""

    pace: Allowance
    list_kinds: Callable[[], Mapping[str, int]]

    def find_broken_rule(self, message: Message) -> str:
        """Return which rule a message breaks, "" for none."""
        if message["type"] != "websocket.receive":
            return ""
        if not self.pace.take(1, time.monotonic()):
            return "pace of messages"
        return "" if self._is_known(message.get("bytes")) else "messages"

    def _is_known(self, data: bytes | None) -> bool:
        """Return whether the page may send this; it never sends text."""
        message = read_message(data) if data is not None else None
        return message is not None and message.parts <= self.list_kinds().get(message.kind, -1)


class MessageGate:
    """ASGI middleware: ends a WebSocket that sends what its page does not, and bounds a visitor's.

    `name_visitor` returns who opens one: by the cookie, or "" for who has none. `open_tab` returns
    what tells, with each message, which kinds may come, and of how many parts.
    """

    def __init__(
        self,
        app: ASGIApp,
        name_visitor: Callable[[Scope], str],
        open_tab: Callable[[HTTPConnection], Callable[[], Mapping[str, int]]],
    ) -> None:
        self._app = app
        self._name_visitor = name_visitor
        self._open_tab = open_tab
        self._sockets: Counter[str] = Counter()
        self._paces: dict[str, Allowance] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no WebSocket, and of one what the page may send."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        visitor, people = self._name_visitor(scope), 1
        if not visitor:
            visitor, people = f"address {_name_peer(scope)}", PEOPLE_WITHOUT_COOKIES
        if self._sockets[visitor] >= people * MAX_SOCKETS_PER_VISITOR:
            note_refusal("sockets", _name_peer(scope))
            await send({"type": "websocket.close"})  # of what is not accepted: 403
            return
        self._sockets[visitor] += 1
        try:
            bounds = _Bounds(
                self._find_pace(visitor, people), self._open_tab(HTTPConnection(scope))
            )
            await self._app(scope, *_guard(scope, receive, send, bounds))
        finally:
            self._sockets[visitor] -= 1
            if not self._sockets[visitor]:
                del self._sockets[visitor]

    def _find_pace(self, visitor: str, people: int) -> Allowance:
        """Return what a visitor may still send, who may have closed a tab to open another."""
        if len(self._paces) > _MAX_PACES:
            self._paces = {name: self._paces[name] for name in self._sockets if name in self._paces}
        new = Allowance(people * MESSAGES_AT_ONCE, people * MESSAGES_PER_S, time.monotonic())
        return self._paces.setdefault(visitor, new)


def _guard(scope: Scope, receive: Receive, send: Send, bounds: _Bounds) -> tuple[Receive, Send]:
    """Return how a page's messages come, up to the first that is refused, and are answered."""
    is_closed = False

    async def receive_known() -> Message:
        nonlocal is_closed
        message = await receive()
        rule = bounds.find_broken_rule(message)
        if not rule:
            return message
        note_refusal(rule, _name_peer(scope))
        is_closed = True
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    async def send_while_open(message: Message) -> None:
        if not is_closed:
            await send(message)

    return receive_known, send_while_open


def _name_peer(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""
