"""A connection that is lost or held up is an error only as long as that lasts."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from chatbot.history import History
from tests.support.histories import find_refusal
from tests.support.mounting import mounted

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.rollback()
"""


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
        assert find_refusal(history) == "history_busy"
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
        assert find_refusal(history) == "history_busy"
    assert history.store_prompt("ann", exchange.conversation.id, "Again", "m")
    history.close()


def test_a_full_disk_is_not_healthy(tmp_path: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)):
        history = History(f"sqlite:///{tmp_path}/chat.db")
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "filler").write_bytes(bytes(2_000_000))
        assert find_refusal(history) == "history_disk_full"
        (tmp_path / "filler").unlink()
        history.check_writable()
        history.close()


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


def test_a_page_has_as_many_connections_to_postgresql_as_it_may(postgres_url: str) -> None:
    history = History(postgres_url, connections=2)
    with ThreadPoolExecutor(12) as pool:
        for number in range(100):
            pool.submit(history.store_prompt, "ann", None, f"Prompt {number}", "m")
    with psycopg.connect(postgres_url) as other:
        count = other.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert count.fetchone() == (2,)
    assert len(history.list_conversations("ann")) == 100
    history.close()


def test_a_healthy_history_says_nothing(history: History) -> None:
    history.check_writable()
