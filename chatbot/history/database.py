"""Opens the database of a URL and brings its tables up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from chatbot.history.errors import HistoryUnavailable, logger
from chatbot.history.journal import choose_journal
from chatbot.history.schema import REVISION_TABLE

PATIENCE = 5  # seconds that a call waits for a connection; SQLite's own wait for a lock is as long
CONNECTIONS = 10  # to PostgreSQL, where nobody says how many
# The revision of the oldest chat that can use the tables as they are now, kept in alembic_version,
# which that chat looks at. A migration that takes away what it needs raises this.
OLDEST_FITTING = "0009"
# A server whose machine is gone does not say so: without these a call would wait for many minutes
# (libpq's names; in seconds, the last one in milliseconds).
_NOTICE_LOSS = {
    "keepalives_idle": PATIENCE,
    "keepalives_interval": 1,
    "keepalives_count": PATIENCE,
    "tcp_user_timeout": PATIENCE * 1000,
}
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}


def open_engines(url: str, connections: int = CONNECTIONS) -> tuple[Engine, Engine]:
    """Make the engine to read with and the one to write with, of `connections` to PostgreSQL.

    Raises HistoryUnavailable for a wrong URL or folder, sqlite3.Error for a file that SQLite cannot
    open; whether PostgreSQL answers shows later.
    """
    target = _parse_url(url)
    if target.get_backend_name() == "sqlite":
        file = Path(target.database or "")
        _make_folder(file.parent)
        # What was committed is safe in a log at the next checkpoint, in a file only once synced.
        synchronous = "NORMAL" if choose_journal(file) == "wal" else "FULL"
        # One connection writes, and threads queue for it: SQLite's own wait sleeps up to 0.1 s.
        writer = _make_sqlite_engine(target, synchronous, pool_size=1, max_overflow=0)
        event.listen(writer, "begin", _begin_immediate)
        return _make_sqlite_engine(target, synchronous), writer
    both = _make_engine(
        target,
        f"SET lock_timeout = '{PATIENCE}s'",
        connect_args={"connect_timeout": PATIENCE, **_NOTICE_LOSS},
        pool_size=connections,
        max_overflow=0,  # all pages together must not have more than the server lets in
        pool_pre_ping=True,  # a restarted server costs nobody an error
    )
    return both, both


def migrate_tables(writer: Engine) -> None:
    """Bring the tables up to date; of several processes that start at once, one does it.

    Tables that a newer chat has made are left as they are. Raises HistoryUnavailable when they do
    not fit this chat.
    """
    config = Config()
    config.set_main_option("script_location", "chatbot.history:migrations")
    scripts = ScriptDirectory.from_config(config)
    ours = {script.revision for script in scripts.walk_revisions()}
    with _lock_tables(writer) as connection:
        made = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE})
        oldest = MigrationContext.configure(connection)
        fitting = oldest.get_current_revision()
        if (revision := made.get_current_revision() or fitting) in (None, *ours):
            made.stamp(scripts, revision or "base")  # before OLDEST_FITTING there was one table
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            oldest.stamp(scripts, OLDEST_FITTING)
        elif fitting in ours:
            logger.info("The history's tables are of a newer chat, and fit this one")
        else:
            raise HistoryUnavailable("history_newer")


@contextmanager
def _lock_tables(writer: Engine) -> Iterator[Connection]:
    """Begin a transaction that other processes wait for."""
    if writer.dialect.name == "sqlite":
        with writer.begin() as connection:
            yield connection
        return
    with writer.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('chatbot.history'))"))
        yield connection


def _parse_url(url: str) -> URL:
    try:
        target = make_url(url)
        driver = DRIVERS[target.drivername.partition("+")[0]]
    except (ArgumentError, KeyError, ValueError):  # they may quote the password
        raise HistoryUnavailable("database_url_wrong") from None
    if target.database in (None, "", ":memory:"):  # such a history would be lost at the end
        raise HistoryUnavailable("database_url_wrong")
    return target.set(drivername=driver)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        logger.exception("The history's folder cannot be made")
        raise HistoryUnavailable("history_read_only") from error


def _make_sqlite_engine(target: URL, synchronous: str, **options: Any) -> Engine:
    return _make_engine(
        target,
        f"PRAGMA synchronous={synchronous}",
        "PRAGMA foreign_keys=ON",
        connect_args={"isolation_level": None},  # the driver would begin too late
        **options,
    )


def _make_engine(target: URL, *session: str, **options: Any) -> Engine:
    # Parameters are hidden because the log must not show what people wrote.
    engine = create_engine(target, hide_parameters=True, pool_timeout=PATIENCE, **options)

    @event.listens_for(engine, "connect")
    def _start_session(connection: Any, _record: object) -> None:
        for statement in session:
            connection.cursor().execute(statement)
        connection.commit()

    return engine


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later fails if another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
