"""The tables; a change here needs a module in migrations/versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from chatbot.domain.attachment import AttachedFile
from chatbot.domain.conversation import Conversation
from chatbot.domain.conversation_settings import Preset, Summary
from chatbot.domain.messages import Message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics


class AnyText(TypeDecorator[str]):
    """Text that keeps whatever a user sends: no database takes NUL and lone surrogates alike."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Put a replacement where a character cannot be stored."""
        return None if value is None else storable(value)


class AnyJSON(TypeDecorator[Any]):
    """JSON whose texts can be written as UTF-8 again."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Put a replacement where a character cannot be stored."""
        return _storable_json(value)


class ParametersColumn(AnyJSON):
    """The parameters of a conversation or a preset."""

    cache_ok = True

    def process_bind_param(self, value: Parameters | None, dialect: Dialect) -> Any:
        """Turn Parameters to JSON."""
        return _storable_json(value.to_json()) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Parameters:
        """Make Parameters of JSON."""
        return Parameters.from_json(value)


class StatisticsColumn(AnyJSON):
    """The statistics of an answer; NULL where nothing is known."""

    cache_ok = True

    def process_bind_param(self, value: Statistics | None, dialect: Dialect) -> Any:
        """Turn Statistics to JSON."""
        return _storable_json(value.to_json()) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Statistics:
        """Make Statistics of JSON."""
        return Statistics.from_json(value)


class SummaryColumn(AnyJSON):
    """A conversation's summary."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Turn a Summary to JSON."""
        return _storable_json(asdict(value)) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Make a Summary of JSON."""
        return Summary(**value) if value else None


def storable(text: str) -> str:
    """`text` with U+FFFD for NUL and lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): _storable_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(part) for part in value]
    return value


REVISION_TABLE = "schema_revision"  # says which migration was made last

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("owner", AnyText, nullable=False, key="user_id"),
    Column("title", AnyText, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("model", AnyText, nullable=False),
    Column("system_prompt", AnyText, nullable=False),
    Column("parameters", ParametersColumn, nullable=False),
    # No foreign key: with messages.conversation_id it would make a circle.
    Column("head_id", AnyText),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double, index=True),
    Column("summary", SummaryColumn),
    Index("conversations_by_owner", "user_id", "pinned", "updated_at", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column(
        "conversation_id",
        AnyText,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    # No cascade: SQLite would follow a long conversation deeper than its 1000 levels.
    Column("parent_id", AnyText, ForeignKey("messages.id"), index=True),
    Column("role", AnyText, nullable=False),
    Column("content", AnyText, nullable=False),
    Column("thinking", AnyText, nullable=False),
    Column("state", AnyText, nullable=False),
    Column("error", AnyText, nullable=False),
    Column("model", AnyText, nullable=False),
    Column("stats", StatisticsColumn, key="statistics"),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("error_code", AnyText),
    Column("error_arguments", AnyJSON),
)

# What was saved of an answer since its message was written: see parts.py.
answer_parts = Table(
    "answer_parts",
    metadata,
    Column("message_id", AnyText, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", AnyText, nullable=False),
    Column("thinking", AnyText, nullable=False),
    sqlite_with_rowid=False,  # a save writes one page less
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column(
        "message_id",
        AnyText,
        ForeignKey("messages.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("name", AnyText, nullable=False),
    Column("media_type", AnyText, nullable=False),
    Column("size", Integer, nullable=False),
    # What the model gets: an image's bytes, or a document's text as UTF-8.
    Column("data", LargeBinary, nullable=False),
    # A small WebP of an image that is larger; NULL where the image itself is drawn.
    Column("thumbnail", LargeBinary),
)

presets = Table(
    "presets",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("owner", AnyText, nullable=False, index=True, key="user_id"),
    Column("name", AnyText, nullable=False),
    Column("system_prompt", AnyText, nullable=False),
    Column("parameters", ParametersColumn, nullable=False),
)

# What a user chose last, and with what their conversations to come begin.
preferences = Table(
    "preferences",
    metadata,
    Column("user_id", AnyText, primary_key=True),
    Column("model", AnyText, nullable=False),
    Column("system_prompt", AnyText, nullable=False, server_default=""),
    Column("parameters", ParametersColumn),
)

# Deleted conversations that were an exchange of another one, and where that was: see removals.py.
removals = Table(
    "removals",
    metadata,
    Column(
        "conversation_id",
        AnyText,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("details", AnyJSON, nullable=False),
)

# When another process than its writer last had somebody who follows an answer.
followers = Table(
    "followers",
    metadata,
    Column("message_id", AnyText, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("followed_at", Double, nullable=False),
)

# When a browser or a login has been signed out last: see identity/sign_outs.py.
sign_outs = Table(
    "sign_outs",
    metadata,
    Column("key", AnyText, primary_key=True),
    Column("at", Double, nullable=False, index=True),
)


def make_row(record: AttachedFile | Conversation | Message | Preset) -> dict[str, Any]:
    """Return the record as a row (dataclasses.asdict would copy deeply, ten times as slow)."""
    return {name: getattr(record, name) for name in record.__slots__}
