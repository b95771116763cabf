"""The text of an answer that is being written: what its message has, and the parts saved since.

So that a save costs what is new. At the answer's end its message has all of it, and no part is
left.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from chatbot.history.schema import answer_parts, messages

_m, _p = messages.c, answer_parts.c


def _join_parts(column: Column[str]) -> ColumnElement[str]:
    """Return the text of a message's column with its parts, in their order."""
    part = select(_p[column.key]).where(_p.message_id == _m.id).order_by(_p.number)
    parts = part.correlate(messages).subquery()
    joined = select(func.aggregate_strings(parts.c[column.key], "")).scalar_subquery()
    return column + func.coalesce(joined, "")


def _select_whole(column: Column[str]) -> ColumnElement[str]:
    return case((_m.state == "writing", _join_parts(column)), else_=column)


CONTENT, THINKING = _select_whole(_m.content), _select_whole(_m.thinking)
_WHOLE = {"content": CONTENT, "thinking": THINKING}
# All columns of a message, its texts with the parts.
MESSAGE: list[ColumnElement[Any]] = [
    _WHOLE[column.key].label(column.key) if column.key in _WHOLE else column for column in _m
]

_FOLD = (
    update(messages)
    .where(_m.id.in_(bindparam("messages", expanding=True)))
    .values(content=_join_parts(_m.content), thinking=_join_parts(_m.thinking))
)
_END = (
    update(messages)
    .where(_m.id.in_(bindparam("messages", expanding=True)))
    .values(state=bindparam("ending"))
)
_DELETE = delete(answer_parts).where(_p.message_id.in_(bindparam("messages", expanding=True)))
# Whose writer has died, after it had saved something.
LOST = (_m.id.in_(select(_p.message_id)), _m.updated_at < bindparam("before"))


def fold(db: Connection, message_ids: list[str]) -> None:
    """Put the parts of these messages into them."""
    db.execute(_FOLD, {"messages": message_ids})
    drop(db, message_ids)


def drop(db: Connection, message_ids: list[str]) -> None:
    """Forget the parts of these messages, which have their whole text by other means."""
    db.execute(_DELETE, {"messages": message_ids})


def end_answers(db: Connection, state: str, *where: ColumnElement[bool], **names: Any) -> int:
    """End, with what was saved of them, those of these messages that are being written.

    `names` are what the condition asks for. Return how many there were.
    """
    # Locked first: a statement that waits for a writer does not see the part that it has saved.
    writing = select(_m.id).where(*where, _m.state == "writing").with_for_update()
    if ids := list(db.execute(writing, names).scalars()):
        fold(db, ids)
        db.execute(_END, {"messages": ids, "ending": state})
    return len(ids)
