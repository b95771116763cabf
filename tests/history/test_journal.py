"""Each file system gets the journal that is safe on it, and what is stored stays."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatbot.history import History
from chatbot.history.journal import choose_journal
from chatbot.history.mounts import Mount

# The shared memory of a log is a file of 32 KiB, which this limit on files forbids.
WITHOUT_SHARED_MEMORY = """
import resource, sys
from pathlib import Path
from chatbot.history.journal import choose_journal
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
print(choose_journal(Path(sys.argv[1])))
"""


def fill(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE notes AS SELECT 'kept' AS note")


def notes_of(file: Path) -> tuple[str, list[tuple[str]]]:
    """The journal that a new connection finds, and what is stored."""
    with closing(sqlite3.connect(file)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        return mode, connection.execute("SELECT note FROM notes").fetchall()


def choose_without_shared_memory(file: Path) -> str:
    command = [sys.executable, "-c", WITHOUT_SHARED_MEMORY, str(file)]
    return subprocess.check_output(command, text=True).strip()


def put_on(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Let every path lie on a file system of a kind."""
    mount = Mount(Path("/"), Path("/"), kind)
    monkeypatch.setattr("chatbot.history.journal.find_mount", lambda path: mount)


def test_a_disk_of_this_machine_gets_a_log(tmp_path: Path) -> None:
    fill(tmp_path / "chat.db")
    assert choose_journal(tmp_path / "chat.db") == "wal"
    assert notes_of(tmp_path / "chat.db") == ("wal", [("kept",)])


def test_a_file_system_without_shared_memory_gets_none(tmp_path: Path) -> None:
    assert choose_without_shared_memory(tmp_path / "new.db") == "delete"
    fill(tmp_path / "new.db")
    assert notes_of(tmp_path / "new.db") == ("delete", [("kept",)])


def test_a_history_that_moves_to_a_file_system_without_shared_memory_keeps_its_log(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source.db"
    choose_journal(source)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("CREATE TABLE notes AS SELECT 'kept' AS note")
        connection.commit()
        for end in ("", "-wal"):  # as a copy finds them while the chat still runs
            shutil.copy(f"{source}{end}", tmp_path / f"chat.db{end}")
    assert choose_without_shared_memory(tmp_path / "chat.db") == "delete"
    assert notes_of(tmp_path / "chat.db") == ("delete", [("kept",)])


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "virtiofs"])
def test_a_network_file_system_gets_none(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_journal(tmp_path / "chat.db")
    fill(tmp_path / "chat.db")
    put_on(monkeypatch, kind)
    assert choose_journal(tmp_path / "chat.db") == "delete"
    assert notes_of(tmp_path / "chat.db") == ("delete", [("kept",)])


def test_two_histories_share_a_file_without_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on(monkeypatch, "nfs4")
    url = f"sqlite:///{tmp_path}/chat.db"
    with closing(History(url)) as first, closing(History(url)) as second:
        exchange = first.store_prompt("ann", None, "Hello", "m")
        second.save_answer(exchange.answer.id, content="Hi")
        assert [one.content for one in first.list_messages("ann", exchange.conversation.id)] == [
            "Hello",
            "Hi",
        ]
