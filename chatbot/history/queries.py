"""The history's statements, built once: to build one takes longer than to run it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, case, delete, func, literal, null, select, update

from chatbot.domain.attachment import THUMBNAIL_TYPE
from chatbot.history import parts
from chatbot.history.schema import (
    attachments,
    conversations,
    followers,
    messages,
    preferences,
    presets,
    removals,
)

_c, _m = conversations.c, messages.c
OWNED = (_c.user_id == bindparam("user"), _c.deleted_at.is_(None))
_IS_OWNED = (_c.id == bindparam("conversation"), *OWNED)
ORDER = (_c.pinned.desc(), _c.updated_at.desc(), _c.id.desc())

ALL = select(conversations).where(*OWNED).order_by(*ORDER).limit(bindparam("most"))
ONE = select(conversations).where(*_IS_OWNED)
ONE_LOCKED = ONE.with_for_update()  # SQLite ignores it: a writer there is alone anyway
RENAME = update(conversations).where(*_IS_OWNED).values(title=bindparam("new_title"))
PIN = update(conversations).where(*_IS_OWNED).values(pinned=bindparam("is_pinned"))
DELETE = update(conversations).where(*_IS_OWNED).values(deleted_at=bindparam("now"))
DELETE_ALL = update(conversations).where(*OWNED).values(deleted_at=bindparam("now"))
LAST_DELETED = (
    select(
        _c.deleted_at,
        func.count(),
        func.min(_c.title),
        func.count(removals.c.conversation_id) > 0,
    )
    .join(removals, removals.c.conversation_id == _c.id, isouter=True)
    .where(_c.user_id == bindparam("user"), _c.deleted_at >= bindparam("since"))
    .group_by(_c.deleted_at)
    .order_by(_c.deleted_at.desc())
    .limit(1)
)
UNDELETE = (
    update(conversations)
    .where(_c.user_id == bindparam("user"), _c.deleted_at == bindparam("at"))
    .values(deleted_at=None)
    .returning(_c.id)
)
PURGE = delete(conversations).where(_c.deleted_at < bindparam("before"))
_old = conversations.alias()
PURGE_OLD = delete(conversations).where(
    _c.id.in_(
        select(_old.c.id).where(_old.c.updated_at < bindparam("before")).limit(bindparam("most"))
    ),
    _c.updated_at < bindparam("before"),  # somebody may just have gone on with it
)
CONFIGURE = (
    update(conversations)
    .where(*_IS_OWNED)
    .values(
        system_prompt=bindparam("new_prompt"),
        parameters=bindparam("new_parameters"),
        summary=bindparam("new_summary"),
    )
)
MOVE_HEAD = (
    update(conversations)
    .where(_c.id == bindparam("conversation"))
    .values(head_id=bindparam("head"), model=bindparam("with_model"), updated_at=bindparam("now"))
)
_WRITING = (_m.id == bindparam("message"), _m.state == "writing")
_SO_FAR: dict[str, Any] = {
    "content": bindparam("text"),
    "thinking": bindparam("thought"),
    "updated_at": bindparam("now"),
}
SAVE = update(messages).where(*_WRITING).values(_SO_FAR)
TOUCH = update(messages).where(*_WRITING).values(updated_at=bindparam("now"))
IS_OWNED_MESSAGE = (
    _m.id == bindparam("message"),
    _m.conversation_id.in_(select(_c.id).where(*OWNED)),
)
RESUME = (
    update(messages)
    .where(_m.id == bindparam("message"), _m.state != "writing")
    .values(
        state="writing",
        error="",
        error_code=None,
        error_arguments=None,
        updated_at=bindparam("now"),
    )
)
FINISH = (
    update(messages)
    .where(*_WRITING)
    .values(
        {
            **_SO_FAR,
            "state": bindparam("ending"),
            "error": bindparam("sentence"),
            "error_code": bindparam("code"),
            "error_arguments": bindparam("arguments"),
            "statistics": bindparam("figures"),
        }
    )
)


def ids_of(user_id: str, conversation_id: str) -> dict[str, str]:
    """Name what every statement about one conversation asks for."""
    return {"user": user_id, "conversation": conversation_id}


def _build_path() -> Select[Any]:
    head = (
        select(_m.id, _m.parent_id, literal(0).label("depth"))
        .join(conversations, _c.head_id == _m.id)
        .where(*_IS_OWNED)
        .cte("path", recursive=True)
    )
    parents = select(_m.id, _m.parent_id, head.c.depth + 1).join(head, head.c.parent_id == _m.id)
    path = head.union_all(parents)
    return select(*parts.MESSAGE).join(path, path.c.id == _m.id).order_by(path.c.depth.desc())


def _build_prompt_of() -> Select[Any]:
    answers = messages.alias()
    return (
        select(messages)
        .join(answers, answers.c.parent_id == _m.id)
        .where(
            answers.c.id == bindparam("answer"),
            answers.c.conversation_id == bindparam("conversation"),
            answers.c.role == "assistant",
        )
    )


TREE = (
    select(_m.id, _m.parent_id)
    .join(conversations, _c.id == _m.conversation_id)
    .where(*_IS_OWNED)
    .order_by(_m.created_at, _m.id)
)
MESSAGE = (
    select(*parts.MESSAGE)
    .join(conversations, _c.id == _m.conversation_id)
    .where(_m.id == bindparam("message"), *OWNED)
)
_f = attachments.c
FILES = (
    select(_f.message_id, _f.id, _f.name, _f.media_type, _f.size)
    .join(messages, _m.id == _f.message_id)
    .join(conversations, _c.id == _m.conversation_id)
    .where(*_IS_OWNED)
    .order_by(_f.id)
)
FILES_WHOLE = (
    select(attachments)
    .join(messages, _m.id == _f.message_id)
    .join(conversations, _c.id == _m.conversation_id)
    .where(_m.id.in_(bindparam("messages", expanding=True)), *OWNED)
    .order_by(_f.id)
)
FILE = (
    select(attachments)
    .join(messages, _m.id == _f.message_id)
    .join(conversations, _c.id == _m.conversation_id)
    .where(_f.id == bindparam("attachment"), *OWNED)
)
_HAS_THUMBNAIL = _f.thumbnail.is_not(None)
THUMBNAIL = (
    select(
        _f.name,
        case((_HAS_THUMBNAIL, literal(THUMBNAIL_TYPE)), else_=_f.media_type).label("media_type"),
        _f.size,
        case((_HAS_THUMBNAIL, _f.thumbnail), else_=_f.data).label("data"),
        null().label("thumbnail"),
    )
    .join(messages, _m.id == _f.message_id)
    .join(conversations, _c.id == _m.conversation_id)
    .where(_f.id == bindparam("attachment"), *OWNED)
)
PRESETS = select(presets).where(presets.c.user_id == bindparam("user")).order_by(presets.c.name)
DELETE_PRESET = delete(presets).where(
    presets.c.user_id == bindparam("user"), presets.c.name == bindparam("preset")
)
CHOSEN_MODEL = select(preferences.c.model).where(preferences.c.user_id == bindparam("user"))
OWN_DEFAULTS = select(preferences.c.system_prompt, preferences.c.parameters).where(
    preferences.c.user_id == bindparam("user")
)
FOLLOWED_AT = select(followers.c.followed_at).where(followers.c.message_id == bindparam("message"))
PURGE_FOLLOWERS = delete(followers).where(followers.c.followed_at < bindparam("before"))
FOLLOW = (
    update(followers)
    .where(followers.c.message_id == bindparam("message"))
    .values(followed_at=bindparam("now"))
)
USE_MODEL = update(conversations).where(*_IS_OWNED).values(model=bindparam("with_model"))
# From a conversation's head up to its first message; the first comes first.
PATH = _build_path()
QUESTION_OF = _build_prompt_of()
