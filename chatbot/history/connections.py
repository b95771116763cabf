"""An open database: transactions to read and to write, from any thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Delete, Update, text

from chatbot.history.database import CONNECTIONS, migrate_tables, open_engines
from chatbot.history.errors import HistoryUnavailable, explain_errors, not_found


def skip_sync(db: Connection) -> None:
    """Have PostgreSQL end this transaction before its disk has it."""
    if db.dialect.name == "postgresql":
        db.execute(text("SET LOCAL synchronous_commit = off"))


def take_turn(db: Connection, work: str) -> bool:
    """Return whether no other process does this work; then none begins it in this transaction."""
    if db.dialect.name != "postgresql":
        return True  # a writer in SQLite is alone
    lock = text("SELECT pg_try_advisory_xact_lock(hashtext(:work))")
    return bool(db.execute(lock, {"work": f"chatbot.{work}"}).scalar_one())


class Connections:
    """The connections to one database; its errors become HistoryUnavailable."""

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        """Open the database at `url` (sqlite:///… or postgresql://…) and update its tables.

        PostgreSQL gets so many connections at most; who needs one more waits for PATIENCE seconds.
        """
        with explain_errors():
            self._reader, self._writer = open_engines(url, connections)
        try:
            with explain_errors():
                migrate_tables(self._writer)
        except HistoryUnavailable:
            self.close()
            raise

    def check_writable(self) -> None:
        """Return when the database can be written, raise HistoryUnavailable when it cannot."""
        with self._writing() as db:
            db.execute(text("UPDATE alembic_version SET version_num = version_num"))

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explain_errors(), self._reader.begin() as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with explain_errors(), self._writer.begin() as db:
            yield db

    def _change_one(self, statement: Update | Delete, parameters: dict[str, Any]) -> None:
        with self._writing() as db:
            if not db.execute(statement, parameters).rowcount:
                raise not_found()
