"""How SQLite keeps a file whole on the file system that it lies on."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from chatbot.history.mounts import find_mount

LOCK_TIMEOUT_S = 5
_RETRY_EVERY_S = 0.01
# Their machines do not share memory, which a write-ahead log needs.
_NETWORK = ("9p", "afs", "beegfs", "ceph", "cifs", "fuse", "gpfs", "lustre", "nfs", "smb", "virtio")


def choose_journal(file: Path) -> str:
    """Give the file the fastest journal that is safe where it lies; return "wal" or "delete".

    A write-ahead log lets readers and the writer work at once, but only on a disk of this machine.
    Raises sqlite3.Error when the file cannot be opened.
    """
    mount = find_mount(file.parent)
    if mount is None or not mount.kind.startswith(_NETWORK):
        try:
            _use_log(file)
            return "wal"
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_IOERR_SHM"):
                raise
    _leave_log(file)
    return "delete"


def _use_log(file: Path) -> None:
    """Turn the file to a write-ahead log and read it, which needs the memory to share."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    with closing(_connect_to_file(file)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
                return
            except sqlite3.OperationalError as error:
                # Two processes that turn a new file at once do not wait but fail.
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_EVERY_S)


def _leave_log(file: Path) -> None:
    """Write what is in the file's log into it, and let it have none; without shared memory."""
    with closing(_connect_to_file(file)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=DELETE")


def _connect_to_file(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=LOCK_TIMEOUT_S, isolation_level=None)
