"""Each way in which a database fails, made real, has its own code and loses nothing."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
from pathlib import Path

import pytest

from chatbot.history import History, HistoryUnavailable
from tests.support.histories import find_code, find_refusal
from tests.support.mounting import mounted, read_only


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_place_is_named_as_that(tmp_path: Path, what: str) -> None:
    file = tmp_path / "data" / "chat.db"
    url = f"sqlite:///{file}"
    history = History(url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.close()
    with read_only(file if what == "file" else file.parent):
        assert find_code(url) == "history_read_only"
    history = History(url)
    assert history.list_conversations("ann") == [exchange.conversation]
    history.close()


def test_a_postgresql_that_lets_the_chat_only_read_is_named_as_that(postgres_url: str) -> None:
    History(postgres_url).close()
    history = History(f"{postgres_url}&options=-c default_transaction_read_only=on")
    assert find_refusal(history) == "database_read_only"
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
