"""Finds conversations by words in their title or in any of their messages.

Without an index: ten thousand messages are looked through in some hundredths of a second, and so
are found parts of words, and Chinese, which an index of words does not cut. What a search costs is
bounded: the words are short, a piece of a message is cut in the database, and that gives up after
TIME_LIMIT_S.
"""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, text

from chatbot.domain.conversation import Conversation
from chatbot.history import parts
from chatbot.history.queries import ORDER, OWNED
from chatbot.history.schema import conversations, messages, storable

MOST_HITS = 30
MOST_WORDS = 8
WORD_CHARS = 200  # of which a longer word is only looked for
TIME_LIMIT_S = 2
_BEFORE_CHARS, _EXCERPT_CHARS = 30, 120  # of an excerpt: before its first hit, and in all
_LOOK_EVERY = 20_000  # of SQLite's instructions, a millisecond or less

_c, _m = conversations.c, messages.c
_TO_LOWER_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that has all words, in its title or in one message.

    `excerpt` is cut from its last such message, in parts: (text, whether it is one of the words);
    it is empty when only the title has them.
    """

    conversation: Conversation
    excerpt: list[tuple[str, bool]]


def split_words(query: str) -> list[str]:
    """Return the words to look for: at most MOST_WORDS, of each the first WORD_CHARS."""
    return [word[:WORD_CHARS] for word in storable(query).split(maxsplit=MOST_WORDS)[:MOST_WORDS]]


@contextmanager
def limit_time(db: Connection) -> Iterator[None]:
    """Have the database give up what runs longer than TIME_LIMIT_S in the block."""
    if db.dialect.name == "postgresql":
        db.execute(text(f"SET LOCAL statement_timeout = '{TIME_LIMIT_S}s'"))
        yield
        return
    driver: Any = db.connection.driver_connection
    end_at = time.monotonic() + TIME_LIMIT_S
    driver.set_progress_handler(lambda: time.monotonic() > end_at, _LOOK_EVERY)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def build_statement(words: list[str], dialect: str) -> Select[Any]:
    """Select the user's conversations with the words, each with a piece of its last such message.

    The piece stands last: where it begins, and one character more than an excerpt has.
    """
    number = func.row_number().over(
        partition_by=_m.conversation_id, order_by=(_m.created_at.desc(), _m.id.desc())
    )
    hits = (
        select(_m.id, _m.conversation_id, number.label("number"))
        .join(conversations, _c.id == _m.conversation_id)
        .where(*OWNED, _has_words(parts.CONTENT, words, dialect))
        .subquery()
    )
    start = _find_start(words[0], dialect)
    return (
        select(conversations, start, func.substr(parts.CONTENT, start, _EXCERPT_CHARS + 1))
        .outerjoin(hits, and_(hits.c.conversation_id == _c.id, hits.c.number == 1))
        .outerjoin(messages, _m.id == hits.c.id)
        .where(*OWNED, or_(_has_words(_c.title, words, dialect), hits.c.id.is_not(None)))
        .order_by(*ORDER)
        .limit(MOST_HITS)
    )


def _has_words(column: ColumnElement[str], words: list[str], dialect: str) -> ColumnElement[bool]:
    has_word = _has_word_in_postgresql if dialect == "postgresql" else _has_word
    return and_(*(has_word(column, word) for word in words))


def _has_word(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    # Not LIKE, which takes 30 times as long in a text that repeats the word's beginning.
    return or_(*(func.instr(func.lower(column), case_) > 0 for case_ in _list_cases(word)))


def _has_word_in_postgresql(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    # Half the time of ILIKE, which makes a lower-case copy of each message.
    return column.regexp_match("|".join(map(re.escape, _list_cases(word))), flags="i")


def _find_start(word: str, dialect: str) -> ColumnElement[int]:
    """Return where an excerpt of a message begins: a little before the word."""
    find = func.strpos if dialect == "postgresql" else func.instr
    places = [find(func.lower(parts.CONTENT), case_) for case_ in _list_cases(word)]
    place = func.coalesce(*(func.nullif(place, 0) for place in places), 1)
    return case((place > _BEFORE_CHARS, place - _BEFORE_CHARS), else_=1)


def _list_cases(word: str) -> list[str]:
    # SQLite, and PostgreSQL in the locale C, know the two cases of ASCII letters only.
    cases = {word} if word.isascii() else {word.lower(), word.upper(), word.capitalize()}
    return sorted({case_.translate(_TO_LOWER_ASCII) for case_ in cases})


def cut_excerpt(start: int, piece: str | None, words: list[str]) -> list[tuple[str, bool]]:
    """Cut a piece that begins at this character of a message into parts; None gives nothing."""
    if piece is None:
        return []
    word = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)
    before, after = "…" if start > 1 else "", "…" if len(piece) > _EXCERPT_CHARS else ""
    line = " ".join(piece[:_EXCERPT_CHARS].split())
    return _split_parts(f"{before}{line}{after}", word)


def _split_parts(text: str, word: re.Pattern[str]) -> list[tuple[str, bool]]:
    parts, last = [], 0
    for found in word.finditer(text):
        parts += [(text[last : found.start()], False), (found[0], True)]
        last = found.end()
    return [part for part in (*parts, (text[last:], False)) if part[0]]
