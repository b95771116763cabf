"""The tables come and change by themselves when the history opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Summary
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.history import History, HistoryUnavailable
from chatbot.history.database import open_engines
from chatbot.history.schema import metadata

ASK_IN_EACH = """
import sys
from chatbot.history import History
print("ready", flush=True)
for line in sys.stdin:
    history = History(line.strip())
    history.store_prompt("ann", None, "Hello", "m")
    history.close()
    print("done", flush=True)
"""


def test_an_empty_database_gets_the_tables_that_the_code_expects(
    url: str, history: History
) -> None:
    _, writer = open_engines(url)
    with writer.begin() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    writer.dispose()


def test_opening_again_changes_nothing(url: str) -> None:
    for number in range(3):
        history = History(url)
        assert len(history.list_conversations("ann")) == number
        history.store_prompt("ann", None, "Hello", "m")
        history.close()


def start() -> subprocess.Popen[str]:
    """Starts a process that opens each history whose URL it is told, and asks once."""
    return subprocess.Popen(
        [sys.executable, "-c", ASK_IN_EACH],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def answers_of(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Reads one line of each process."""
    return [process.stdout.readline() for process in processes if process.stdout]


def test_processes_that_start_at_once_on_an_empty_database_all_work(url: str) -> None:
    # Between SQLite's processes the race is rare, so it is run on many files.
    urls = {url.replace("chat.db", f"{number}.db") for number in range(40)}
    processes = [start() for _ in range(6)]
    assert answers_of(processes) == ["ready\n"] * 6
    for one in urls:
        for process in processes:
            assert process.stdin
            process.stdin.write(f"{one}\n")
            process.stdin.flush()
        assert answers_of(processes) == ["done\n"] * 6
        history = History(one)
        assert len(history.list_conversations("ann")) == 6
        history.close()
    for process in processes:
        process.communicate(timeout=60)


def test_a_history_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    history = History(url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    history.close()
    _, writer = open_engines(url)
    with writer.begin() as db:
        head = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HistoryUnavailable) as refusal:
        History(url)
    assert refusal.value.code == "history_newer"
    with writer.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head})
    writer.dispose()
    history = History(url)
    assert history.list_conversations("ann") == [exchange.conversation]
    history.close()


def test_a_summary_moves_from_the_parameters_to_its_own_column(url: str) -> None:
    history = History(url)
    exchange = history.store_prompt(
        "ann", None, "Hello", "m", settings=ConversationSettings("Be brief.", Parameters(seed=7))
    )
    history.store_prompt("ann", None, "Say summary", "m")
    history.close()
    _, writer = open_engines(url)
    with writer.begin() as db:
        old = json.dumps({"seed": 7, "summary": {"text": "Hi.", "until": exchange.answer.id}})
        where = {"old": old, "id": exchange.conversation.id}
        db.execute(text("UPDATE conversations SET parameters = :old WHERE id = :id"), where)
        db.execute(text("ALTER TABLE conversations DROP COLUMN summary"))
        _undo_last_migrations(db)
        db.execute(text("DROP TABLE preferences"))
        db.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    writer.dispose()
    history = History(url)
    settings = history.get_conversation("ann", exchange.conversation.id).settings
    assert settings == ConversationSettings(
        "Be brief.", Parameters(seed=7), Summary("Hi.", exchange.answer.id)
    )
    history.close()


def _undo_last_migrations(db: Connection) -> None:
    db.execute(text("ALTER TABLE attachments DROP COLUMN thumbnail"))
    for table in ("removals", "followers", "sign_outs"):
        db.execute(text(f"DROP TABLE {table}"))
    for column in ("system_prompt", "parameters"):
        db.execute(text(f"ALTER TABLE preferences DROP COLUMN {column}"))
    for column in ("error_code", "error_arguments"):
        db.execute(text(f"ALTER TABLE messages DROP COLUMN {column}"))


def test_a_failed_answer_from_before_codes_keeps_its_sentence(url: str) -> None:
    history = History(url)
    exchange = history.store_prompt("ann", None, "Hello", "m")
    statistics = Statistics(error_code="ollama_refused")
    history.finish_answer(exchange.answer.id, content="", state="failed", statistics=statistics)
    history.choose_model("ann", "m")
    history.close()
    _, writer = open_engines(url)
    with writer.begin() as db:
        db.execute(text("UPDATE messages SET error = 'Why.' WHERE state = 'failed'"))
        _undo_last_migrations(db)
        db.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    writer.dispose()
    history = History(url)
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert (answer.error, answer.failure) == ("Why.", None)
    assert answer.failure_code == "ollama_refused"
    assert history.get_chosen_model("ann") == "m"
    assert history.get_default_settings("ann") == DEFAULT_SETTINGS
    history.close()
