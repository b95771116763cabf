"""Whole conversations, with all versions of their messages and all files: out and in again."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select

from chatbot.attachments.reader import Attachment
from chatbot.domain.conversation import Conversation, Message, Summary, values
from chatbot.history.branches import keep_files
from chatbot.history.queries import ORDER, OWNED
from chatbot.history.schema import attachments, conversations, messages

STEP = 2000  # messages

_c, _m, _a = conversations.c, messages.c, attachments.c


@dataclass(frozen=True, slots=True)
class Whole:
    """A conversation with all its messages, parents before children, and files by message id."""

    conversation: Conversation
    messages: list[Message]
    files: dict[str, list[Attachment]] = field(default_factory=dict)


def read(db: Connection, owner: str, conversation_id: str | None) -> Iterator[Whole]:
    """Read one of the owner's conversations, or all for None, in the order of the list."""
    wanted = {"visitor": owner, "conversation": conversation_id}
    one = (_c.id == bindparam("conversation"),) if conversation_id else ()
    found = db.execute(select(conversations).where(*OWNED, *one).order_by(*ORDER), wanted).all()
    written: dict[str, list[Message]] = defaultdict(list)
    for row in db.execute(_of(select(messages), *one).order_by(_m.created_at, _m.id), wanted):
        written[row.conversation_id].append(Message.of(row))
    query = _of(select(attachments).join(messages, _m.id == _a.message_id), *one)
    files = _files(db, query, wanted)
    for row in found:
        ordered = parents_first(written[row.id])
        yield Whole(
            Conversation(*row), ordered, {m.id: files[m.id] for m in ordered if m.id in files}
        )


def _of(query: Select[Any], *one: Any) -> Select[Any]:
    return query.join(conversations, _c.id == _m.conversation_id).where(*OWNED, *one)


def _files(
    db: Connection, query: Select[Any], wanted: dict[str, Any]
) -> dict[str, list[Attachment]]:
    rows = db.execute(query.order_by(_a.message_id, _a.id), wanted)
    return {
        message_id: [Attachment(row.name, row.media_type, row.size, row.data) for row in group]
        for message_id, group in groupby(rows, key=lambda row: str(row.message_id))
    }


def parents_first(found: Iterable[Message]) -> list[Message]:
    """Sort messages so that each follows its parent, siblings in the order given.

    Messages without a way up to a first message (a missing parent, a circle) are left out.
    """
    children: dict[str | None, list[Message]] = defaultdict(list)
    for message in found:
        children[message.parent_id].append(message)
    ordered = list(children[None])
    for message in ordered:  # it grows meanwhile
        ordered += children[message.id]
    return ordered


def new_ids(count: int) -> list[str]:
    """Make ids that nobody can guess, in their order."""
    return sorted(secrets.token_hex(16) for _ in range(count))


def steps(new: Iterable[tuple[str, Whole]]) -> Iterator[list[tuple[str, Whole]]]:
    """Divide conversations so that the database is held for a tenth of a second at a time."""
    step: list[tuple[str, Whole]] = []
    messages = 0
    for new_id, whole in new:
        step.append((new_id, whole))
        messages += len(whole.messages)
        if messages >= STEP:
            yield step
            step, messages = [], 0
    yield step


def add(
    db: Connection, owner: str, new: Iterable[tuple[str, Whole]], deleted_at: float | None
) -> None:
    """Store conversations under these ids as the owner's."""
    for new_id, whole in new:
        renamed = _renamed(whole, owner, new_id, deleted_at)
        db.execute(insert(conversations), values(renamed.conversation))
        if renamed.messages:
            db.execute(insert(messages), [values(one) for one in renamed.messages])
        for message_id, files in renamed.files.items():
            keep_files(db, message_id, files)


def _renamed(whole: Whole, owner: str, new_id: str, deleted_at: float | None) -> Whole:
    old = [message.id for message in whole.messages]
    new: dict[str | None, str] = dict(zip(old, new_ids(len(old)), strict=True))
    summary = whole.conversation.summary
    made = replace(
        whole.conversation,
        id=new_id,
        owner=owner,
        head_id=new.get(whole.conversation.head_id),
        deleted_at=deleted_at,
        summary=Summary(summary.text, new[summary.until])
        if summary and summary.until in new
        else None,
    )
    return Whole(
        made,
        [
            replace(one, id=new[one.id], parent_id=new.get(one.parent_id), conversation_id=made.id)
            for one in whole.messages
        ],
        {new[message_id]: files for message_id, files in whole.files.items()},
    )
