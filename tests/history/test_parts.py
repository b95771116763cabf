"""An answer that is being written is saved part by part, and whoever reads it reads all of it."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text

from chatbot.domain.exchange import Exchange
from chatbot.history import STALE, History
from chatbot.history.collection import LOST_S
from chatbot.history.database import open_engines
from tests.support.histories import search_titles


@pytest.fixture
def exchange(history: History) -> Exchange:
    """An exchange whose answer has been saved in two parts."""
    exchange = history.store_prompt("ann", None, "Greet me", "m")
    assert history.append_part(exchange.answer.id, 0, content="Hel", thinking="Polite")
    assert history.append_part(exchange.answer.id, 1, content="lo", thinking="ly.")
    return exchange


def _count_parts(url: str) -> int:
    _, writer = open_engines(url)
    with writer.begin() as db:
        count = db.execute(text("SELECT count(*) FROM answer_parts")).scalar_one()
    writer.dispose()
    return int(count)


def _read(history: History, exchange: Exchange) -> tuple[str, str, str]:
    answer = history.list_messages("ann", exchange.conversation.id)[-1]
    assert history.get_message("ann", answer.id) == answer
    return answer.content, answer.thinking, answer.state


def test_whoever_reads_an_answer_gets_all_that_was_saved(
    history: History, exchange: Exchange
) -> None:
    assert _read(history, exchange) == ("Hello", "Politely.", "writing")
    (archive,) = history.export_archives("ann", exchange.conversation.id)
    assert archive.messages[-1].content == "Hello"
    assert search_titles(history, "hello") == ["Greet me"]
    assert history.follow_answer("ann", exchange.answer.id).thinking == "Politely."


def test_a_save_of_all_takes_the_place_of_the_parts(history: History, exchange: Exchange) -> None:
    assert history.save_answer(exchange.answer.id, content="", thinking="Hello")
    assert history.append_part(exchange.answer.id, 2, content="Hi")
    assert _read(history, exchange) == ("Hi", "Hello", "writing")


def test_a_save_without_news_shows_that_the_writer_lives(
    history: History, exchange: Exchange, later: Callable[[float], None]
) -> None:
    later(STALE - 1)
    assert history.append_part(exchange.answer.id, 2, content="")
    later(STALE - 1)
    assert _read(history, exchange)[2] == "writing"


def test_an_end_leaves_no_parts(history: History, url: str, exchange: Exchange) -> None:
    history.finish_answer(exchange.answer.id, content="Hello!", thinking="P.", state="done")
    assert _read(history, exchange) == ("Hello!", "P.", "done")
    assert not history.append_part(exchange.answer.id, 2, content="?")
    assert _count_parts(url) == 0


def test_what_was_saved_of_a_stopped_answer_stays(
    history: History, url: str, exchange: Exchange
) -> None:
    assert history.stop_answer("ann", exchange.answer.id)
    assert not history.append_part(exchange.answer.id, 2, content="?")
    assert _read(history, exchange) == ("Hello", "Politely.", "stopped")
    assert _count_parts(url) == 0


def test_what_was_saved_stays_with_a_deleted_exchange(history: History, url: str) -> None:
    first = history.store_prompt("ann", None, "One", "m")
    history.finish_answer(first.answer.id, content="1", state="done")
    second = history.store_prompt("ann", first.conversation.id, "Two", "m")
    history.append_part(second.answer.id, 0, content="2")
    assert history.delete_exchange("ann", first.conversation.id, second.prompt.id)
    deletion = history.find_last_deletion("ann")
    assert deletion
    history.undo_deletion("ann", deletion)
    assert _read(history, second) == ("2", "", "stopped")
    assert _count_parts(url) == 0


def test_an_answer_whose_writer_died_goes_on_from_what_was_saved(
    history: History, exchange: Exchange, later: Callable[[float], None]
) -> None:
    later(STALE + 1)
    assert _read(history, exchange) == ("Hello", "Politely.", "interrupted")
    history.resume_answer("ann", exchange.conversation.id, exchange.answer.id)
    assert history.append_part(exchange.answer.id, 0, content=", you")
    assert _read(history, exchange) == ("Hello, you", "Politely.", "writing")


def test_an_answer_whose_writer_died_long_ago_is_put_together(
    history: History, url: str, exchange: Exchange, later: Callable[[float], None]
) -> None:
    later(LOST_S - 1)
    history.end_lost_answers()
    assert _count_parts(url) == 2
    later(2)
    history.end_lost_answers()
    assert _read(history, exchange) == ("Hello", "Politely.", "interrupted")
    assert _count_parts(url) == 0


def test_a_writer_that_could_not_save_for_a_while_goes_on(
    history: History, exchange: Exchange, later: Callable[[float], None]
) -> None:
    later(STALE + 1)
    assert _read(history, exchange)[2] == "interrupted"
    assert history.append_part(exchange.answer.id, 2, content="!")
    assert _read(history, exchange) == ("Hello!", "Politely.", "writing")


def test_parts_that_a_version_before_knew_nothing_of_are_kept_at_the_end(
    history: History, url: str, exchange: Exchange
) -> None:
    _, writer = open_engines(url)
    with writer.begin() as db:
        db.execute(text("UPDATE messages SET state = 'stopped' WHERE role = 'assistant'"))
    writer.dispose()
    assert not history.finish_answer(exchange.answer.id, content="Hello you", state="stopped")
    assert _read(history, exchange) == ("Hello", "Politely.", "stopped")


STEP = 45 * 4  # characters: what comes in a second at 45 tokens a second
ANSWER = "".join(random.Random(1).choices(string.ascii_letters + " ", k=2000 * 4))


def _measure_log(url: str, save: Callable[[int], object]) -> int:
    """Return how many bytes PostgreSQL logs while an answer of 2,000 tokens is saved."""
    save(0)  # the first write to a page after a checkpoint logs all of it
    with psycopg.connect(url, autocommit=True) as db:
        begin = db.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        for start in range(STEP, len(ANSWER), STEP):
            save(start)
        statement = "SELECT pg_current_wal_insert_lsn() - %s::pg_lsn"
        row = db.execute(statement, begin).fetchone()
    assert row is not None
    return int(row[0])


def test_the_saves_of_an_answer_write_what_is_new(postgres_url: str) -> None:
    with closing(History(postgres_url)) as history:
        ids = [history.store_prompt("ann", None, "Go", "m").answer.id for _ in range(2)]

        def save_whole(start: int) -> None:
            history.save_answer(ids[0], content=ANSWER[: start + STEP])

        def save_part(start: int) -> None:
            history.append_part(ids[1], start, content=ANSWER[start : start + STEP])

        whole, parts = _measure_log(postgres_url, save_whole), _measure_log(postgres_url, save_part)
        assert history.get_message("ann", ids[1]).content == ANSWER
    assert parts < 6 * len(ANSWER)
    assert parts < whole / 3
