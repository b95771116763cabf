"""The tables come and change by themselves when the history opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings, Summary
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.history import History, HistoryUnavailable
from chatbot.history.database import OLDEST_FITTING, open_engines
from chatbot.history.schema import REVISION_TABLE, metadata
from tests.support.histories import list_texts

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
    options = {"version_table": REVISION_TABLE, "include_name": _is_ours}
    with writer.begin() as db:
        assert compare_metadata(MigrationContext.configure(db, opts=options), metadata) == []
    writer.dispose()


def _is_ours(name: str | None, *_: object) -> bool:
    return name != "alembic_version"


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
    _set_revisions(writer, made="9999", oldest="9998")
    with pytest.raises(HistoryUnavailable) as refusal:
        History(url)
    assert refusal.value.code == "history_newer"
    _set_revisions(writer, made="9999", oldest=OLDEST_FITTING)
    writer.dispose()
    history = History(url)
    assert history.list_conversations("ann") == [exchange.conversation]
    history.close()


def test_tables_that_a_newer_version_has_added_to_are_used_and_left_alone(url: str) -> None:
    History(url).close()
    _, writer = open_engines(url)
    _set_revisions(writer, made="9999", oldest=OLDEST_FITTING)
    with writer.begin() as db:
        db.execute(text("ALTER TABLE messages ADD COLUMN mood TEXT"))
        db.execute(text("CREATE TABLE moods (id TEXT PRIMARY KEY)"))
    for number in range(2):
        history = History(url)
        exchange = history.store_prompt("ann", None, "Hello", "m")
        assert history.append_part(exchange.answer.id, 0, content="Hi")
        assert history.finish_answer(exchange.answer.id, content="Hi!", state="done")
        assert list_texts(history, "ann", exchange.conversation.id) == ["Hello", "Hi!"]
        assert len(history.export_archives("ann")) == number + 1
        history.close()
    with writer.begin() as db:
        assert db.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).scalar() == "9999"
        assert db.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0009"
    writer.dispose()


def _set_revisions(writer: Engine, made: str, oldest: str) -> None:
    with writer.begin() as db:
        db.execute(text(f"UPDATE {REVISION_TABLE} SET version_num = '{made}'"))
        db.execute(text(f"UPDATE alembic_version SET version_num = '{oldest}'"))


def test_migrations_leave_what_the_oldest_fitting_version_uses(tmp_path: Path) -> None:
    before, after = (_list_columns(tmp_path, revision) for revision in (OLDEST_FITTING, "head"))
    assert [one for one in before if before[one] != after.get(one)] == []
    tables = {table for table, _ in before}
    added = {one: after[one] for one in after if one not in before and one[0] in tables}
    assert [one for one, (_, may_be_missing) in added.items() if not may_be_missing] == []


def _list_columns(folder: Path, revision: str) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return each column's type at a revision, and whether a row may be written without it."""
    config = Config()
    config.set_main_option("script_location", "chatbot.history:migrations")
    _, writer = open_engines(f"sqlite:///{folder}/{revision}.db")
    with writer.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, revision)
        inspector = inspect(db)
        columns = {
            (table, column["name"]): (
                str(column["type"]),
                bool(column["nullable"] or column["default"]),
            )
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }
    writer.dispose()
    return columns


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
    for table in (REVISION_TABLE, "answer_parts", "removals", "followers", "sign_outs"):
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
