"""Each way in which a database fails, made real, has its own code and loses nothing."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from chatbot.history import History, HistoryUnavailable
from tests.support.mounting import mounted

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.rollback()
"""


def code_of(url: str) -> str:
    """Opens a history and asks once; returns the code of the refusal."""
    with pytest.raises(HistoryUnavailable) as refusal, closing(History(url)) as history:
        history.store_prompt("ann", None, "Hello", "m")
    assert refusal.value.status == 503
    return refusal.value.code


def is_refused(history: History) -> str:
    """Asks once and returns the code of the refusal; readiness must say the same."""
    with pytest.raises(HistoryUnavailable) as refusal:
        history.store_prompt("ann", None, "Hello", "m")
    with pytest.raises(HistoryUnavailable) as unhealthy:
        history.check_writable()
    assert unhealthy.value.code == refusal.value.code
    return refusal.value.code


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Lets nobody write to a file or folder for a while, root neither."""
    if os.geteuid() != 0:
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    with mounted("--bind", str(path), str(path)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True)
        yield


def test_a_database_that_another_process_holds_is_busy_and_recovers(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    history = History(f"sqlite:///{file}?timeout=0.1")
    exchange = history.store_prompt("ann", None, "Hello", "m")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        assert is_refused(history) == "history_busy"
        assert len(history.list_messages("ann", exchange.conversation.id)) == 2
        holder.communicate("\n")
    assert history.store_prompt("ann", exchange.conversation.id, "Again", "m")
    history.close()


def test_a_conversation_that_another_program_holds_in_postgresql_is_busy(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.history.database.PATIENCE", 1)
    history = History(postgres_url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    with psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE conversations, alembic_version")
        assert is_refused(history) == "history_busy"
    assert history.store_prompt("ann", exchange.conversation.id, "Again", "m")
    history.close()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_place_is_named_as_that(tmp_path: Path, what: str) -> None:
    file = tmp_path / "data" / "chat.db"
    url = f"sqlite:///{file}"
    history = History(url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.close()
    with read_only(file if what == "file" else file.parent):
        assert code_of(url) == "history_read_only"
    history = History(url)
    assert history.list_conversations("ann") == [exchange.conversation]
    history.close()


def test_a_folder_that_cannot_be_made_is_named_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert code_of(f"sqlite:///{tmp_path}/file/chat.db") == "history_read_only"


def test_a_missing_folder_is_made_for_the_chat_alone(tmp_path: Path) -> None:
    History(f"sqlite:///{tmp_path}/a/b/chat.db").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_postgresql_that_lets_the_chat_only_read_is_named_as_that(postgres_url: str) -> None:
    History(postgres_url).close()
    history = History(f"{postgres_url}&options=-c default_transaction_read_only=on")
    assert is_refused(history) == "database_read_only"
    history.close()


def test_a_full_disk_is_named_and_what_was_stored_stays(tmp_path: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)):
        history = History(f"sqlite:///{tmp_path}/chat.db")
        exchange = history.store_prompt("ann", None, "Hello", "m")
        with pytest.raises(HistoryUnavailable) as refusal:
            history.save_answer(exchange.answer.id, content="a" * 2_000_000)
        assert refusal.value.code == "history_disk_full"
        assert len(history.list_messages("ann", exchange.conversation.id)) == 2
        subprocess.run(["mount", "-o", "remount,size=8m", str(tmp_path)], check=True)
        assert history.save_answer(exchange.answer.id, content="a" * 2_000_000)
        history.close()


def test_a_full_disk_is_not_healthy(tmp_path: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)):
        history = History(f"sqlite:///{tmp_path}/chat.db")
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "filler").write_bytes(bytes(2_000_000))
        assert is_refused(history) == "history_disk_full"
        (tmp_path / "filler").unlink()
        history.check_writable()
        history.close()


def test_a_postgresql_that_does_not_run_is_unreachable(tmp_path: Path) -> None:
    assert code_of(f"postgresql://ann@/chat?host={tmp_path}") == "database_unreachable"
    assert code_of("postgres://ann:secret@127.0.0.1:1/chat") == "database_unreachable"


def test_a_database_that_does_not_exist_is_unreachable(postgres: str) -> None:
    assert code_of(postgres.format("nowhere")) == "database_unreachable"


def test_a_postgresql_that_drops_its_connections_costs_nobody_an_error(postgres_url: str) -> None:
    history = History(postgres_url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    with psycopg.connect(postgres_url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert history.store_prompt("ann", exchange.conversation.id, "Again", "m")
    history.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    file.write_text("My diary. " * 1000)
    assert code_of(f"sqlite:///{file}") == "history_damaged"
    assert file.read_text() == "My diary. " * 1000


def test_a_damaged_database_is_named_as_that(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    History(f"sqlite:///{file}").close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert code_of(f"sqlite:///{file}") == "history_damaged"


@pytest.mark.parametrize(
    "url", ["", "chat.db", "mysql://host/chat", "sqlite://", "sqlite:///:memory:"]
)
def test_a_url_of_no_known_database_is_refused_with_an_example(url: str) -> None:
    assert code_of(url) == "database_url_wrong"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://ann:hush@127.0.0.1:1/chat", "database_unreachable"),
        ("postgresql://127.0.0.1:1/chat?user=ann&password=hush", "database_unreachable"),
        ("postgresql://ann:hush@127.0.0.1:port/chat", "database_url_wrong"),
        ("mysql://ann:hush@127.0.0.1/chat", "database_url_wrong"),
    ],
)
def test_nobody_gets_to_read_the_password_of_a_database(
    url: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HistoryUnavailable) as refusal:
        History(url)
    assert refusal.value.code == code
    told = "".join(traceback.format_exception(refusal.value))
    assert "hush" not in refusal.value.sentence + caplog.text + told


def test_the_log_has_the_traceback_but_not_what_people_wrote(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history = History(f"sqlite:///{tmp_path}/chat.db")
    with sqlite3.connect(tmp_path / "chat.db") as other:
        other.execute("DROP TABLE messages")
    with (
        caplog.at_level(logging.ERROR, "chatbot.history"),
        pytest.raises(HistoryUnavailable) as got,
    ):
        history.store_prompt("ann", None, "My secret", "m")
    assert got.value.code == "history_failed"
    assert "Traceback" in caplog.text
    assert "no such table: messages" in caplog.text
    assert "My secret" not in caplog.text
    history.close()
    other.close()
