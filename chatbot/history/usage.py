"""What a user keeps, and what room is left for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, bindparam, cast, func, select
from sqlalchemy.engine import URL

from chatbot.history.queries import OWNED
from chatbot.history.schema import attachments, conversations, messages

_c, _m, _a = conversations.c, messages.c, attachments.c
_IS_USERS = _c.user_id == bindparam("user")  # those too that can still be had back


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user keeps: bytes of texts and files, those included that can still be had back."""

    conversations: int
    size: int


@cache
def build_statement(dialect: str) -> Select[Any]:
    """Select the number of the user's conversations, and the bytes of their texts and files."""
    texts = _measure(_m.content, dialect) + _measure(_m.thinking, dialect)
    of_messages = select(func.coalesce(func.sum(texts), 0)).select_from(messages)
    of_files = (
        select(func.coalesce(func.sum(func.length(_a.data)), 0))
        .select_from(attachments)
        .join(messages, _m.id == _a.message_id)
    )
    count = select(func.count()).select_from(conversations).where(*OWNED)
    prompts = select(func.coalesce(func.sum(_measure(_c.system_prompt, dialect)), 0))
    return select(
        count.scalar_subquery(),
        prompts.where(_IS_USERS).scalar_subquery(),
        _of_user(of_messages),
        _of_user(of_files),
    )


# The bytes of the files of a conversation, in all versions of its prompts.
OF_CONVERSATION = (
    select(func.coalesce(func.sum(func.length(_a.data)), 0))
    .select_from(attachments)
    .join(messages, _m.id == _a.message_id)
    .where(_m.conversation_id == bindparam("conversation"))
)


def _measure(column: ColumnElement[str], dialect: str) -> ColumnElement[int]:
    if dialect == "postgresql":
        return func.octet_length(column)
    return func.length(cast(column, LargeBinary))  # SQLite's octet_length is newer than 3.40


def _of_user(query: Select[Any]) -> ColumnElement[int]:
    owned = query.join(conversations, _c.id == _m.conversation_id)
    return owned.where(_IS_USERS).scalar_subquery()


def find_free_bytes(database: URL) -> int | None:
    """Return what the disk of a SQLite file has free; None where the database is elsewhere."""
    if database.get_backend_name() != "sqlite" or not database.database:
        return None
    return shutil.disk_usage(database.database).free
