"""What can be wrong with the history, each as one sentence with its cure."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, TimeoutError

from chatbot.errors import ChatError

logger = logging.getLogger("chatbot.history")

BUSY = "The history is busy: another program holds it. Your message is not lost; send it again."
READ_ONLY = (
    "The history cannot be written: its file or folder is read-only. "
    "Make DATA_DIR writable for the chat, then try again."
)
DATABASE_READ_ONLY = (
    "The history cannot be written: its database lets the chat only read. "
    "Give the user in DATABASE_URL the right to write, then try again."
)
FULL = "The history's disk is full. Free some space on it, then try again."
BROKEN_DISK = "The history's disk does not work. Check the disk that holds it, then try again."
UNREACHABLE = (
    "The history's database does not answer. "
    "Check that it runs and that DATABASE_URL is right, then try again."
)
NOT_A_DATABASE = (
    "The history's file is damaged or no SQLite database. "
    "Move it away or name another one in DATABASE_URL, then start the chat again."
)
NEWER = (
    "The history was written by a newer version of the chat. "
    "Start that version, or name another database in DATABASE_URL."
)
BAD_URL = "DATABASE_URL must read sqlite:////folder/file.db or postgresql://user@host/name."
UNKNOWN = "The history failed. Look for the reason in the chat's log, then try again."

# Beginnings of SQLite's error names and of PostgreSQL's SQLSTATEs.
_SENTENCES = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "55P03": BUSY,
    "40": BUSY,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CANTOPEN": READ_ONLY,
    "25006": DATABASE_READ_ONLY,
    "42501": DATABASE_READ_ONLY,
    "SQLITE_FULL": FULL,
    "53100": FULL,
    "SQLITE_IOERR": BROKEN_DISK,
    "58": BROKEN_DISK,
    "SQLITE_NOTADB": NOT_A_DATABASE,
    "SQLITE_CORRUPT": NOT_A_DATABASE,
    "08": UNREACHABLE,
    "53300": UNREACHABLE,
    "57P": UNREACHABLE,
}


class NotFound(ChatError):
    """The visitor has no such conversation."""

    status = 404
    code = "not_found"


class HistoryUnavailable(ChatError):
    """The database cannot be read or written now."""

    status = 503
    code = "history_unavailable"


def not_found() -> NotFound:
    """Make the error for an unknown id and for another visitor's id alike."""
    return NotFound("There is no such conversation. Choose one from the list.")


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error of the database into HistoryUnavailable, what it says into the log.

    Where no sentence tells the reason, the log has the traceback.
    """
    try:
        yield
    except (DBAPIError, TimeoutError, sqlite3.Error) as error:
        sentence = _sentence(error)
        reason = getattr(error, "orig", None) or error
        logger.error("The history's database failed: %s", reason, exc_info=sentence == UNKNOWN)
        raise HistoryUnavailable(sentence) from error


def _sentence(error: DBAPIError | TimeoutError | sqlite3.Error) -> str:
    if isinstance(error, TimeoutError):  # all connections wait for something
        return BUSY
    code = _code(error.orig if isinstance(error, DBAPIError) else error)
    return next((text for start, text in _SENTENCES.items() if code.startswith(start)), UNKNOWN)


def _code(error: BaseException | None) -> str:
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if name is None and error is not None and type(error).__module__ == "psycopg":
        return "08"  # it was refused before the server could give a SQLSTATE
    return name or ""
