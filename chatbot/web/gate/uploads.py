"""Which uploads are taken: those that the page has asked for, as long as there is room."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot import transfer
from chatbot.settings import Settings
from chatbot.web.gate.messages import ALLOWED
from chatbot.web.gate.paths import UPLOADS
from chatbot.web.gate.refusals import note_refusal
from chatbot.web.gate.rule import Rule
from chatbot.web.streamlit_internals import has_widget

MAX_FILES_PER_SESSION = 50
MIN_HELD_BYTES_PER_PEER = 128_000_000  # more where a single file may be larger
OVERHEAD_BYTES = 2**20  # of a body, around its file

_MAX_IMPORT_BYTES = -(-transfer.MOST_BYTES // 2**20) * 2**20  # in whole MiB, as Streamlit's option
_MAX_UNUSED = ALLOWED["file_urls_request"]  # addresses of a session

RULES = [
    Rule(
        "uploads",
        "upload what no page has asked for",
        "addresses handed out to this very session, each used once",
        "404 before the file is read",
    ),
    Rule(
        "upload's size",
        "upload more than the page would, which reads how much that is",
        f"MAX_FILE_MB, counted as the bytes come; {transfer.MOST_BYTES // 1_000_000} MB while the "
        "dialog that imports is open in this very tab",
        "413, and the connection is closed",
    ),
    Rule(
        "held files",
        "upload until the memory is full",
        f"{MAX_FILES_PER_SESSION} files of a tab; {MIN_HELD_BYTES_PER_PEER // 1_000_000} MB of an "
        "address, or what the largest file needs, and twice that in all; freed with the tab",
        "429 or 507 before the file is read",
    ),
]


@dataclass(frozen=True)
class Refusal:
    """Why an upload is not taken, for whoever reads the answer."""

    rule: str
    status: int
    sentence: str


_UNKNOWN = Refusal("uploads", 404, "This page has not asked for this file.")
_TOO_MANY = Refusal("held files", 429, "This tab holds too many files: send or remove some.")
_NO_ROOM_OF_PEER = Refusal("held files", 429, "Too many files wait here: send or remove some.")
_NO_ROOM = Refusal("held files", 507, "Too many files wait in this chat: try again later.")


@dataclass
class _File:
    peer: str = ""
    size: int = 0  # 0 until it comes


def find_largest(settings: Settings) -> int:
    """Return the largest file that some part of the page takes, in bytes."""
    return max(settings.max_file_mb * 2**20, _MAX_IMPORT_BYTES)


def find_size_limit(settings: Settings, path: str) -> int:
    """Return the largest body of an upload to an address, in bytes: by what its tab shows."""
    session_id = path.removeprefix(UPLOADS).partition("/")[0]
    imports = has_widget(session_id, transfer.UPLOADER)
    largest = find_largest(settings) if imports else settings.max_file_mb * 2**20
    return largest + OVERHEAD_BYTES


class HeldFiles:
    """The files of the open tabs: which may come, and the room that each takes; of any thread."""

    def __init__(self, largest: int) -> None:
        self._per_peer = max(MIN_HELD_BYTES_PER_PEER, largest)
        self._sessions: dict[str, dict[str, _File]] = {}
        self._sizes: Counter[str] = Counter()  # by peer
        self._lock = threading.Lock()

    def hand_out(self, session_id: str, file_ids: Iterable[str]) -> None:
        """Let files come; of those that a tab has asked for and not sent, the newest alone."""
        with self._lock:
            files = self._sessions.setdefault(session_id, {})
            files.update((file_id, _File()) for file_id in file_ids)
            unused = [file_id for file_id, file in files.items() if not file.size]
            for file_id in unused[:-_MAX_UNUSED]:
                del files[file_id]

    def admit(self, session_id: str, file_id: str, peer: str, size: int) -> Refusal | None:
        """Take the room for a file that is to come, or return why it may not."""
        with self._lock:
            files = self._sessions.get(session_id, {})
            file = files.get(file_id)
            if file is None or file.size:
                return _UNKNOWN
            if sum(other.size > 0 for other in files.values()) >= MAX_FILES_PER_SESSION:
                return _TOO_MANY
            if self._sizes[peer] + size > self._per_peer + OVERHEAD_BYTES:
                return _NO_ROOM_OF_PEER
            if self._sizes.total() + size > 2 * self._per_peer:
                return _NO_ROOM
            file.peer, file.size = peer, max(size, 1)
            self._sizes[peer] += file.size
            return None

    def release(self, session_id: str, file_id: str) -> None:
        """Free what a file takes."""
        with self._lock:
            files = self._sessions.get(session_id, {})
            self._free(file for file in [files.pop(file_id, None)] if file)

    def forget(self, session_id: str) -> None:
        """Free what the files of a tab take, once it has ended."""
        with self._lock:
            self._free(self._sessions.pop(session_id, {}).values())

    def _free(self, files: Iterable[_File]) -> None:
        for file in files:
            self._sizes[file.peer] -= file.size
            if not self._sizes[file.peer]:
                del self._sizes[file.peer]


class UploadGate:
    """ASGI middleware: refuses an upload for which there is no room, before it is read."""

    def __init__(self, app: ASGIApp, held: HeldFiles, largest: int) -> None:
        self._app = app
        self._held = held
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no upload, and of these what may come."""
        if scope["type"] != "http" or scope["method"] != "PUT" or not _is_upload(scope):
            await self._app(scope, receive, send)
            return
        _, session_id, file_id = scope["path"].rsplit("/", 2)
        peer = str(scope["client"][0]) if scope.get("client") else ""
        refusal = self._held.admit(session_id, file_id, peer, _read_size(scope, self._largest))
        if refusal is not None:
            note_refusal(refusal.rule, peer)
            answer = PlainTextResponse(refusal.sentence, refusal.status)
            await answer(scope, receive, send)
            return
        is_kept = False

        async def send_noted(message: Message) -> None:
            nonlocal is_kept
            is_kept = is_kept or message.get("status") == 204
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            if not is_kept:
                self._held.release(session_id, file_id)


def _is_upload(scope: Scope) -> bool:
    path = str(scope["path"])
    return path.startswith(UPLOADS) and path.count("/") == UPLOADS.count("/") + 1


def _read_size(scope: Scope, largest: int) -> int:
    """Return how large a body says that it is; the largest there may be where it says nothing."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else largest
