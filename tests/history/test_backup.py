"""A backup is made and restored by the commands of docs/history.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from chatbot.domain.attachment import Attachment
from chatbot.history import History
from tests.support.histories import list_titles, store_exchange
from tests.support.postgres import Postgres, find_program
from tests.support.product import ROOT

_IN_POD = r"kubectl -n chatbot exec (-i )?statefulset/postgres -- "


def _find_command(word: str) -> str:
    """Return the command of the document in which a word stands."""
    scripts = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/history.md").read_text(), re.DOTALL)
    lines = "".join(scripts).replace("|\n", "|").splitlines()
    (command,) = (line for line in lines if word in line)
    return str(command)


def _run(command: str, folder: Path, **variables: str) -> None:
    environment = {**os.environ, **variables}
    subprocess.run(["bash", "-c", command], cwd=folder, env=environment, check=True)


def _fill(url: str) -> str:
    file = Attachment("a.txt", "text/plain", 3, b"\0\xff\n")
    with closing(History(url)) as history:
        store_exchange(history, "Grüße 👋", "'; \\ $1 \t")
        exchange = history.store_prompt("ann", None, "With a file", "m", files=[file])
        history.append_part(exchange.answer.id, 0, content="under way")
        return exchange.conversation.id


def _check(url: str, conversation_id: str) -> None:
    with closing(History(url)) as history:
        assert list_titles(history) == ["With a file", "Grüße 👋"]
        prompt, answer = history.list_messages("ann", conversation_id)
        assert answer.content == "under way"
        (file,) = history.read_attachments("ann", [prompt.id])[prompt.id]
        assert file.data == b"\0\xff\n"


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The URL of a database that is named as on Kubernetes."""
    url = postgres.url.format("chat")
    with psycopg.connect(postgres.url.format("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS chat")
        connection.execute("CREATE DATABASE chat")
    return url


def test_postgresql_is_restored_as_it_was_backed_up(database: str, tmp_path: Path) -> None:
    conversation_id = _fill(database)
    variables = {
        "PATH": f"{Path(find_program('psql')).parent}:{os.environ['PATH']}",
        "PGHOST": database.partition("host=")[2],
    }
    _run(re.sub(_IN_POD, "", _find_command("pg_dump")), tmp_path, **variables)
    with closing(History(database)) as history:
        history.delete_conversation("ann", conversation_id)
        store_exchange(history, "After the backup")
    _run(re.sub(_IN_POD, "", _find_command("psql")), tmp_path, **variables)
    _check(database, conversation_id)


def test_sqlite_is_restored_as_it_was_backed_up(tmp_path: Path) -> None:
    conversation_id = _fill(f"sqlite:///{tmp_path}/chat.db")

    def localize(command: str) -> str:
        local = command.replace("docker exec chat python", sys.executable)
        return local.replace("/data/", f"{tmp_path}/")

    with closing(History(f"sqlite:///{tmp_path}/chat.db")) as running:
        _run(localize(_find_command("VACUUM")), tmp_path)
        running.delete_conversation("ann", conversation_id)
    restore = re.findall("'(rm .*)'", _find_command("--volumes-from"))[0]
    _run(localize(restore), tmp_path)
    _check(f"sqlite:///{tmp_path}/chat.db", conversation_id)
