"""Finds conversations by words in their title or in any of their messages.

Without an index: ten thousand messages are looked through in some hundredths of a second, and so
are found parts of words, and Chinese, which an index of words does not cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from chatbot.domain.conversation import Conversation
from chatbot.history.queries import ORDER, OWNED
from chatbot.history.schema import conversations, messages

MOST_HITS = 30
_MOST_WORDS = 8
_BEFORE, _LENGTH = 30, 120  # characters of an excerpt: before its first hit, and in all

_c, _m = conversations.c, messages.c


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that has all words, in its title or in one message.

    `excerpt` is cut from its last such message, in parts: (text, whether it is one of the words);
    it is empty when only the title has them.
    """

    conversation: Conversation
    excerpt: list[tuple[str, bool]]


def split_words(query: str) -> list[str]:
    """Return the words to look for: at most eight."""
    return query.split()[:_MOST_WORDS]


def build_statement(words: list[str], dialect: str) -> Select[Any]:
    """Select the user's conversations with the words, each with its last message that has them."""
    number = func.row_number().over(
        partition_by=_m.conversation_id, order_by=(_m.created_at.desc(), _m.id.desc())
    )
    hits = (
        select(_m.id, _m.conversation_id, number.label("number"))
        .join(conversations, _c.id == _m.conversation_id)
        .where(*OWNED, _has_words(_m.content, words, dialect))
        .subquery()
    )
    return (
        select(conversations, _m.content)
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
    return or_(*(column.contains(case, autoescape=True) for case in _list_cases(word)))


def _has_word_in_postgresql(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    # Half the time of ILIKE, which makes a lower-case copy of each message.
    return column.regexp_match("|".join(map(re.escape, _list_cases(word))), flags="i")


def _list_cases(word: str) -> list[str]:
    # SQLite, and PostgreSQL in the locale C, know the two cases of ASCII letters only.
    cases = {word} if word.isascii() else {word.lower(), word.upper(), word.capitalize()}
    return sorted(cases)


def cut_excerpt(text: str | None, words: list[str]) -> list[tuple[str, bool]]:
    """Cut a piece of a message around its first word that was looked for; None gives nothing."""
    if text is None:
        return []
    word = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)
    found = word.search(text)
    start = max(found.start() - _BEFORE, 0) if found else 0
    piece = " ".join(text[start : start + _LENGTH].split())
    before, after = "…" if start else "", "…" if start + _LENGTH < len(text) else ""
    return _split_parts(f"{before}{piece}{after}", word)


def _split_parts(text: str, word: re.Pattern[str]) -> list[tuple[str, bool]]:
    parts, last = [], 0
    for found in word.finditer(text):
        parts += [(text[last : found.start()], False), (found[0], True)]
        last = found.end()
    return [part for part in (*parts, (text[last:], False)) if part[0]]
