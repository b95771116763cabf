"""Reads a file of conversations, whichever program wrote it, and says what it leaves out."""

from __future__ import annotations

import codecs
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import orjson

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.titles import shorten_title
from chatbot.errors import ChatError
from chatbot.transfer import hollama, losses, open_webui, own
from chatbot.transfer.lines import find_lines
from chatbot.transfer.losses import Loss, Unreadable

UPLOADER = "import"  # the key of the page's part that takes such a file
MOST_BYTES = 100_000_000
MOST_MESSAGES = 250_000
MOST_CONVERSATION_CHARS = 5_000_000  # what a page can be sent at once
MOST_LOSSES = 1_000  # parts that are left out

_FOREIGN = ((open_webui.is_chat, open_webui), (hollama.is_session, hollama))
# A character beyond U+FFFF is written as two surrogates; a text cut between them leaves one alone.
_SURROGATES = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(?:(\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|\\u[dD][89a-fA-F][\da-fA-F]{2})"
)


class BadFile(ChatError):
    """A file is not one that conversations can be read from."""

    status = 400
    texts: ClassVar = {
        "bad_file": "The file has no conversation in it.",
        "import_too_large": "The file has {megabytes:.1f} MB and at most {most:.0f} MB are read.",
        "import_of_unknown_kind": (
            "Nothing was imported. Line 1: neither this chat nor Open WebUI nor Hollama writes "
            "such a file."
        ),
        "import_not_json": (
            "Nothing was imported. Line {line}: this is not JSON, {reason} (column {column})."
        ),
        "import_without_messages": (
            "Nothing was imported. No conversation in the file has a message that can be read."
        ),
        "import_too_long": (
            "Nothing was imported. The file has more than {most:,} messages. Divide it."
        ),
        "import_too_damaged": (
            "Nothing was imported. More than {most:,} parts of the file are damaged or unknown."
        ),
        "import_too_costly": (
            "Nothing was imported. To read the file takes too much time or memory. Divide it."
        ),
        "import_of_newer_version": (
            "Nothing was imported. The file has version {version} of this chat's format, and "
            "version {known} is read here. Update the chat."
        ),
    }


@dataclass(frozen=True, slots=True)
class Reading:
    """The conversations of a file, and what was left out of them."""

    archives: Sequence[ConversationArchive]
    losses: list[Loss]


def read(data: bytes) -> Reading:
    """Read what is sound of a file's conversations; raises BadFile when nothing is, or too little.

    Their ids only say how they belong together. Takes 3 s of CPU for 100 MB of text and several
    times the file's memory: `transfer.read` has it done by a process of its own.
    """
    archives: list[ConversationArchive] = []
    reading = Reading(archives, [])
    source = _find_source(_convert_to_utf8(data), reading)
    if not source.elements:
        raise BadFile()
    if not any(map(source.find_reader, source.elements)):
        raise BadFile("import_of_unknown_kind")
    nameless = [*itertools.islice(_read_elements(source, reading, archives), MOST_LOSSES + 1)]
    if not archives:
        raise BadFile("import_without_messages")
    lines = list(source.lines()) if nameless else []
    _add_losses(reading, [Loss(losses.CONVERSATION, "", lines[number]) for number in nameless])
    return reading


def check_size(data: bytes) -> None:
    """Raise BadFile for a file that is larger than what is read."""
    if len(data) > MOST_BYTES:
        megabytes = {"megabytes": len(data) / 1e6, "most": MOST_BYTES / 1e6}
        raise BadFile("import_too_large", **megabytes)


def _read_elements(
    source: _Source, reading: Reading, archives: list[ConversationArchive]
) -> Iterator[int]:
    """Read each element; yield the numbers of those that have nothing, not even a title."""
    messages = 0
    for number, element in enumerate(source.elements):
        source.elements[number] = None  # what has been read is freed
        lost: losses.Lost = set()
        try:
            archive = _read_element(source, element, lost)
        except (Unreadable, ValueError, RecursionError):
            if title := _title_in(element):
                _add_losses(reading, [Loss(losses.CONVERSATION, title)])
            else:
                yield number
        else:
            _keep(archive, archives, lost)
            title = archive.conversation.title
            _add_losses(reading, [Loss(what, title) for what in sorted(lost)])
            messages += len(archive.messages)
        if messages > MOST_MESSAGES:
            raise BadFile("import_too_long", most=MOST_MESSAGES)


def _add_losses(reading: Reading, more: Iterable[Loss]) -> None:
    """Keep what was left out; the import ends where that is more than anybody would read."""
    reading.losses.extend(more)
    if len(reading.losses) > MOST_LOSSES:
        raise BadFile("import_too_damaged", most=MOST_LOSSES)


def _read_element(source: _Source, element: Any, lost: losses.Lost) -> ConversationArchive:
    reader = source.find_reader(element)
    if reader is None:
        raise Unreadable
    archive: ConversationArchive = reader.read(element, lost)
    return archive


def _keep(
    archive: ConversationArchive, archives: list[ConversationArchive], lost: losses.Lost
) -> None:
    """Add a conversation to what has been read, unless it is too long to be opened."""
    chars = sum(len(message.content) + len(message.thinking) for message in archive.messages)
    if chars > MOST_CONVERSATION_CHARS:
        lost.add(losses.LENGTH)
    else:
        archives.append(archive)


def _title_in(element: object) -> str:
    inner = element.get("chat") if isinstance(element, dict) else None
    titles = [part.get("title") for part in (element, inner) if isinstance(part, dict)]
    return next((shorten_title(title) for title in titles if isinstance(title, str) and title), "")


@dataclass(frozen=True, slots=True)
class _Source:
    """What may be conversations, and the line of each."""

    elements: list[Any]
    lines: Callable[[], Iterable[int]]
    is_own: bool = False

    def find_reader(self, element: object) -> ModuleType | None:
        if self.is_own:
            return own if isinstance(element, dict) else None
        return next((reader for is_its, reader in _FOREIGN if is_its(element)), None)


def _find_source(data: bytes, reading: Reading) -> _Source:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        data = _repair_text(data, reading)
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            if source := _json_lines(data, reading):
                return source
            place = {"line": error.lineno, "column": error.colno}
            raise BadFile("import_not_json", reason=error.msg, **place) from error
    if isinstance(document, dict) and document.get("format") == own.FORMAT:
        return _own_source(document, data)
    if isinstance(document, list):
        return _Source(document, lambda: find_lines(data.decode()))
    return _Source([document], lambda: [1])


def _own_source(document: dict[str, Any], data: bytes) -> _Source:
    version, found = document.get("version"), document.get("conversations")
    if isinstance(version, int) and version > own.VERSION:
        raise BadFile("import_of_newer_version", version=version, known=own.VERSION)
    elements = found if isinstance(found, list) else []
    return _Source(elements, lambda: find_lines(data.decode(), "conversations"), is_own=True)


def _json_lines(data: bytes, reading: Reading) -> _Source | None:
    """Return what stands in a file of one JSON object a line; None for another file."""
    elements: list[Any] = []
    lines: list[int] = []
    for number, line in enumerate(io.BytesIO(data), 1):
        try:
            element = orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError:
            if not elements:
                return None
            _add_losses(reading, [Loss(losses.LINES, "", number)])
        else:
            elements += [element] if element is not None else []
            lines += [number] if element is not None else []
    return _Source(elements, lambda: lines) if elements else None


def _convert_to_utf8(data: bytes) -> bytes:
    encoding = json.detect_encoding(data)
    if encoding.startswith("utf-8"):
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode(encoding, errors="replace").encode()


def _repair_text(data: bytes, reading: Reading) -> bytes:
    """Return the text with U+FFFD for what is no character."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reading.losses.append(Loss(losses.CHARACTERS, "", line))
        data = data.decode(errors="replace").encode()
    return _SURROGATES.sub(lambda found: found[1] + (found[2] or rb"\ufffd"), data)
