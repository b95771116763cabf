"""Whole conversations, with all versions of their messages and all files: out and in again."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select

from chatbot.domain.archive import ConversationArchive, sort_parents_first
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import Summary
from chatbot.domain.messages import Message
from chatbot.history import parts
from chatbot.history.branches import make_attachment, store_attachments
from chatbot.history.queries import ORDER, OWNED
from chatbot.history.schema import attachments, conversations, make_row, messages

STEP = 2000  # messages

_c, _m, _a = conversations.c, messages.c, attachments.c


def read_archives(
    db: Connection, user_id: str, conversation_id: str | None
) -> Iterator[ConversationArchive]:
    """Read one of the user's conversations, or all for None, in the order of the list."""
    wanted = {"user": user_id, "conversation": conversation_id}
    only = (_c.id == bindparam("conversation"),) if conversation_id else ()
    rows = db.execute(select(conversations).where(*OWNED, *only).order_by(*ORDER), wanted).all()
    written: dict[str, list[Message]] = defaultdict(list)
    for row in db.execute(
        _select_owned(select(*parts.MESSAGE), *only).order_by(_m.created_at, _m.id), wanted
    ):
        written[row.conversation_id].append(Message.from_row(row))
    query = _select_owned(select(attachments).join(messages, _m.id == _a.message_id), *only)
    files = _read_files(db, query, wanted)
    for row in rows:
        ordered = sort_parents_first(written[row.id])
        yield ConversationArchive(
            Conversation(*row), ordered, {m.id: files[m.id] for m in ordered if m.id in files}
        )


def _select_owned(query: Select[Any], *only: Any) -> Select[Any]:
    return query.join(conversations, _c.id == _m.conversation_id).where(*OWNED, *only)


def _read_files(
    db: Connection, query: Select[Any], wanted: dict[str, Any]
) -> dict[str, list[Attachment]]:
    rows = db.execute(query.order_by(_a.message_id, _a.id), wanted)
    return {
        message_id: [make_attachment(row) for row in group]
        for message_id, group in groupby(rows, key=lambda row: str(row.message_id))
    }


def make_ids(count: int) -> list[str]:
    """Make ids that nobody can guess, in their order."""
    return sorted(secrets.token_hex(16) for _ in range(count))


def divide_steps(
    new: Iterable[tuple[str, ConversationArchive]],
) -> Iterator[list[tuple[str, ConversationArchive]]]:
    """Divide conversations so that the database is held for a tenth of a second at a time."""
    step: list[tuple[str, ConversationArchive]] = []
    messages = 0
    for new_id, archive in new:
        step.append((new_id, archive))
        messages += len(archive.messages)
        if messages >= STEP:
            yield step
            step, messages = [], 0
    yield step


def store_archives(
    db: Connection,
    user_id: str,
    new: Iterable[tuple[str, ConversationArchive]],
    deleted_at: float | None,
) -> None:
    """Store conversations under these ids as the user's."""
    for new_id, archive in new:
        renamed = _give_new_ids(archive, user_id, new_id, deleted_at)
        db.execute(insert(conversations), make_row(renamed.conversation))
        if renamed.messages:
            db.execute(insert(messages), [make_row(message) for message in renamed.messages])
        for message_id, files in renamed.files.items():
            store_attachments(db, message_id, files)


def _give_new_ids(
    archive: ConversationArchive, user_id: str, new_id: str, deleted_at: float | None
) -> ConversationArchive:
    old = [message.id for message in archive.messages]
    new: dict[str | None, str] = dict(zip(old, make_ids(len(old)), strict=True))
    summary = archive.conversation.summary
    made = replace(
        archive.conversation,
        id=new_id,
        user_id=user_id,
        head_id=new.get(archive.conversation.head_id),
        deleted_at=deleted_at,
        summary=Summary(summary.text, new[summary.until])
        if summary and summary.until in new
        else None,
    )
    return ConversationArchive(
        made,
        [
            replace(m, id=new[m.id], parent_id=new.get(m.parent_id), conversation_id=made.id)
            for m in archive.messages
        ],
        {new[message_id]: files for message_id, files in archive.files.items()},
    )
