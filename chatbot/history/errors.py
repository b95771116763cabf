"""What can be wrong with the history, each with its cure."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy.exc import DBAPIError, TimeoutError

from chatbot.errors import ChatError

logger = logging.getLogger("chatbot.history")

UNKNOWN = "history_failed"

# Beginnings of SQLite's error names and of PostgreSQL's SQLSTATEs.
_CODES = {
    "SQLITE_BUSY": "history_busy",
    "SQLITE_LOCKED": "history_busy",
    "55P03": "history_busy",
    "40": "history_busy",
    "SQLITE_READONLY": "history_read_only",
    "SQLITE_CANTOPEN": "history_read_only",
    "25006": "database_read_only",
    "42501": "database_read_only",
    "SQLITE_FULL": "history_disk_full",
    "53100": "history_disk_full",
    "SQLITE_IOERR": "history_disk_broken",
    "58": "history_disk_broken",
    "SQLITE_NOTADB": "history_damaged",
    "SQLITE_CORRUPT": "history_damaged",
    "08": "database_unreachable",
    "53300": "database_unreachable",
    "57P": "database_unreachable",
    "SQLITE_INTERRUPT": "search_too_long",
    "57014": "search_too_long",
}


class NotFound(ChatError):
    """The visitor has no such conversation."""

    status = 404
    texts: ClassVar = {"not_found": "There is no such conversation. Choose one from the list."}


class HistoryUnavailable(ChatError):
    """The database cannot be read or written now."""

    status = 503
    texts: ClassVar = {
        UNKNOWN: "The history failed. Look for the reason in the chat's log, then try again.",
        "history_busy": (
            "The history is busy: another program holds it. "
            "Your message is not lost; send it again."
        ),
        "history_read_only": (
            "The history cannot be written: its file or folder is read-only. "
            "Make DATA_DIR writable for the chat, then try again."
        ),
        "database_read_only": (
            "The history cannot be written: its database lets the chat only read. "
            "Give the user in DATABASE_URL the right to write, then try again."
        ),
        "history_disk_full": "The history's disk is full. Free some space on it, then try again.",
        "history_disk_broken": (
            "The history's disk does not work. Check the disk that holds it, then try again."
        ),
        "database_unreachable": (
            "The history's database does not answer. "
            "Check that it runs and that DATABASE_URL is right, then try again."
        ),
        "search_too_long": (
            "The search took too long and was given up. Look for fewer or rarer words."
        ),
        "history_damaged": (
            "The history's file is damaged or no SQLite database. "
            "Move it away or name another one in DATABASE_URL, then start the chat again."
        ),
        "history_newer": (
            "The history was written by a newer version of the chat. "
            "Start that version, or name another database in DATABASE_URL."
        ),
        "database_url_wrong": (
            "DATABASE_URL must read sqlite:////folder/file.db or postgresql://user@host/name."
        ),
    }


# Over by itself, as a rule: a lock, a server that starts again or gives its work to another.
_BRIEF = ("history_busy", "database_unreachable", "database_read_only")


def is_brief(error: ChatError) -> bool:
    """Return whether the history may be back soon though nobody does anything."""
    return error.code in _BRIEF


def not_found() -> NotFound:
    """Make the error for an unknown id and for another visitor's id alike."""
    return NotFound()


@contextmanager
def explain_errors() -> Iterator[None]:
    """Turn an error of the database into HistoryUnavailable, what it says into the log.

    Where no code tells the reason, the log has the traceback.
    """
    try:
        yield
    except (DBAPIError, TimeoutError, sqlite3.Error) as error:
        code = _find_code(error)
        reason = getattr(error, "orig", None) or error
        logger.error("The history's database failed: %s", reason, exc_info=code == UNKNOWN)
        raise HistoryUnavailable(code) from error


def _find_code(error: DBAPIError | TimeoutError | sqlite3.Error) -> str:
    if isinstance(error, TimeoutError):  # all connections wait for something
        return "history_busy"
    name = _database_code(error.orig if isinstance(error, DBAPIError) else error)
    return next((code for start, code in _CODES.items() if name.startswith(start)), UNKNOWN)


def _database_code(error: BaseException | None) -> str:
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if name is None and error is not None and type(error).__module__.startswith("psycopg"):
        return "08"  # it was refused before the server could give a SQLSTATE
    return name or ""
