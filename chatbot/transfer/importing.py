"""Reads a file of conversations, whichever program wrote it, or says what is wrong with it."""

from __future__ import annotations

import orjson
from pydantic import ValidationError

from chatbot.errors import ChatError
from chatbot.history import Whole
from chatbot.transfer import hollama, open_webui, own
from chatbot.transfer.lines import line_of
from chatbot.transfer.tree import Misfit, Path

MOST_BYTES = 20_000_000  # a second of everyone's time

_READERS = (own, open_webui, hollama)


class BadFile(ChatError):
    """A file is not one that conversations can be read from."""

    status = 400
    code = "bad_file"


def read(data: bytes) -> list[Whole]:
    """Read the conversations of a file: all of them, or BadFile with the line that is wrong.

    Their ids only say how they belong together. Takes a second for MOST_BYTES.
    """
    if len(data) > MOST_BYTES:
        raise BadFile(
            f"The file has {len(data) / 1e6:.1f} MB and at most {MOST_BYTES / 1e6:.0f} MB are read."
        )
    text = _text(data)
    try:
        found = [one for one in _wholes(text, _document(text)) if one.messages]
    except RecursionError as error:
        raise BadFile("Nothing was imported. The file is nested too deeply.") from error
    if not found:
        raise BadFile("The file has no conversation in it.")
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(data.count(b"\n", 0, error.start) + 1, "this is not UTF-8 text") from error


def _document(text: str) -> object:
    try:
        document: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        reason = f"this is not JSON, {error.msg} (column {error.colno})"
        raise _wrong(error.lineno, reason) from error
    # One chat alone, as some versions of Open WebUI export it.
    alone = isinstance(document, dict) and ("chat" in document or "history" in document)
    return [document] if alone else document


def _wholes(text: str, document: object) -> list[Whole]:
    reader = next((one for one in _READERS if one.fits(document)), None)
    if reader is None:
        if document == []:
            return []
        raise _wrong(1, "neither this chat nor Open WebUI nor Hollama writes such a file")
    try:
        found: list[Whole] = reader.read(document)
        return found
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _misfit(text, first["loc"], first["msg"]) from error
    except Misfit as error:
        raise _misfit(text, error.path, error.reason) from error


def _misfit(text: str, path: Path, reason: str) -> BadFile:
    name = ".".join(map(str, path))
    return _wrong(line_of(text, path), f"{name}: {reason[:1].lower()}{reason[1:]}")


def _wrong(line: int, reason: str) -> BadFile:
    return BadFile(f"Nothing was imported. Line {line}: {reason}.")
