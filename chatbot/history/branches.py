"""A conversation is a tree: versions of a message share a parent; prompts carry attachments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert

from chatbot.domain.attachment import AttachedFile, Attachment
from chatbot.history import queries
from chatbot.history.errors import not_found
from chatbot.history.schema import attachments, make_row

Ids = dict[str, str]


def versions(db: Connection, ids: Ids) -> dict[str, list[str]]:
    """For each message that has siblings: all of them, oldest first."""
    groups = _read_children(db, ids).values()
    return {message_id: group for group in groups if len(group) > 1 for message_id in group}


def find_newest_end(db: Connection, ids: Ids, message_id: str) -> str:
    """Return the end of the newest branch from a message on; raises NotFound."""
    children = _read_children(db, ids)
    if not any(message_id in group for group in children.values()):
        raise not_found()
    while message_id in children:
        message_id = children[message_id][-1]
    return message_id


def _read_children(db: Connection, ids: Ids) -> dict[str | None, list[str]]:
    children: dict[str | None, list[str]] = defaultdict(list)
    for one, parent in db.execute(queries.TREE, ids):
        children[parent].append(one)
    return children


def store_attachments(
    db: Connection, message_id: str, files: Sequence[Attachment]
) -> list[AttachedFile]:
    """Store a prompt's attachments in their order and return how they are told."""
    stored = [
        AttachedFile(f"{message_id}-{number:03}", file.name, file.media_type, file.size)
        for number, file in enumerate(files)
    ]
    if stored:
        rows = [
            {
                **make_row(label),
                "message_id": message_id,
                "data": file.data,
                "thumbnail": file.thumbnail or None,
            }
            for label, file in zip(stored, files, strict=True)
        ]
        db.execute(insert(attachments), rows)
    return stored


def list_files(db: Connection, ids: Ids) -> dict[str, list[AttachedFile]]:
    """Return what is attached to the prompts of a conversation, each in its order."""
    files: dict[str, list[AttachedFile]] = defaultdict(list)
    for message_id, *parts in db.execute(queries.FILES, ids):
        files[message_id].append(AttachedFile(*parts))
    return dict(files)


def read_attachments(
    db: Connection, user_id: str, message_ids: Sequence[str]
) -> dict[str, list[Attachment]]:
    """Return the attachments of these messages, each in their order."""
    attached: dict[str, list[Attachment]] = defaultdict(list)
    names = {"user": user_id, "messages": message_ids}
    for row in db.execute(queries.FILES_WHOLE, names):
        attached[row.message_id].append(make_attachment(row))
    return dict(attached)


def make_attachment(row: Row[Any]) -> Attachment:
    """Return the attachment of a row of the whole table."""
    thumbnail = row.thumbnail or b""
    return Attachment(row.name, row.media_type, row.size, row.data, thumbnail)
