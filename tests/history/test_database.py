"""A database is opened by its URL, or refused by name before anything is stored."""

from __future__ import annotations

import logging
import socket
import traceback
from pathlib import Path

import pytest

from chatbot.history import History, HistoryUnavailable
from tests.support.histories import find_code
from tests.support.postgres import Postgres


def test_a_folder_that_cannot_be_made_is_named_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert find_code(f"sqlite:///{tmp_path}/file/chat.db") == "history_read_only"


def test_a_missing_folder_is_made_for_the_chat_alone(tmp_path: Path) -> None:
    History(f"sqlite:///{tmp_path}/a/b/chat.db").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_postgresql_that_does_not_run_is_unreachable(tmp_path: Path) -> None:
    assert find_code(f"postgresql://ann@/chat?host={tmp_path}") == "database_unreachable"
    assert find_code("postgres://ann:secret@127.0.0.1:1/chat") == "database_unreachable"


def test_a_postgresql_that_says_nothing_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.history.database.PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert find_code(f"postgresql://ann@127.0.0.1:{port}/chat") == "database_unreachable"


def test_a_database_that_does_not_exist_is_unreachable(postgres: Postgres) -> None:
    assert find_code(postgres.url.format("nowhere")) == "database_unreachable"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    file.write_text("My diary. " * 1000)
    assert find_code(f"sqlite:///{file}") == "history_damaged"
    assert file.read_text() == "My diary. " * 1000


def test_a_damaged_database_is_named_as_that(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    History(f"sqlite:///{file}").close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert find_code(f"sqlite:///{file}") == "history_damaged"


@pytest.mark.parametrize(
    "url", ["", "chat.db", "mysql://host/chat", "sqlite://", "sqlite:///:memory:"]
)
def test_a_url_of_no_known_database_is_refused_with_an_example(url: str) -> None:
    assert find_code(url) == "database_url_wrong"


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
