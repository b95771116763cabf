"""A conversation is a tree: versions of a message share a parent; prompts carry attachments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, insert

from chatbot.domain.attachment import Attachment
from chatbot.history import queries
from chatbot.history.errors import not_found
from chatbot.history.schema import attachments

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


def store_attachments(db: Connection, message_id: str, files: Sequence[Attachment]) -> None:
    """Store a prompt's attachments in their order."""
    if files:
        rows = [
            {
                "id": f"{message_id}-{number:03}",
                "message_id": message_id,
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "data": file.data,
            }
            for number, file in enumerate(files)
        ]
        db.execute(insert(attachments), rows)


def files(db: Connection, ids: Ids) -> dict[str, list[Attachment]]:
    """Return the attachments by the id of their message, each in their order."""
    found: dict[str, list[Attachment]] = defaultdict(list)
    for row in db.execute(queries.FILES, ids):
        found[row.message_id].append(Attachment(row.name, row.media_type, row.size, row.data))
    return dict(found)
