"""An exchange taken out of its conversation, and put back.

Until it is gone for good, it is a deleted conversation of its own, so that it is found, had back
and purged like the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update

from chatbot.domain.conversation import Conversation, new_conversation
from chatbot.domain.titles import make_title
from chatbot.history import parts, queries
from chatbot.history.schema import conversations, make_row, messages, removals

_m = messages.c


@dataclass(frozen=True, slots=True)
class _Removal:
    """Where an exchange was: the ids that it takes to put it back."""

    conversation_id: str
    prompt_id: str
    parent_id: str | None
    answer_id: str | None  # which was shown
    followers: Sequence[str]  # the prompts below that answer
    head_before: str | None
    head_after: str | None


class _Tree:
    """The messages of a conversation, by their ids."""

    def __init__(self, db: Connection, conversation: Conversation) -> None:
        ids = queries.ids_of(conversation.user_id, conversation.id)
        self.parents: dict[str, str | None] = {}
        self.children: Mapping[str | None, list[str]] = defaultdict(list)
        for message_id, parent_id in db.execute(queries.TREE, ids):
            self.parents[message_id] = parent_id
            self.children[parent_id].append(message_id)

    def list_path(self, message_id: str | None) -> list[str]:
        """Return a message and all above it, the first one first."""
        path = []
        while message_id is not None:
            path.append(message_id)
            message_id = self.parents[message_id]
        return path[::-1]

    def list_below(self, message_ids: Iterable[str]) -> set[str]:
        """Return these messages and all below them."""
        below, left = set(), list(message_ids)
        while left:
            below.add(message_id := left.pop())
            left += self.children[message_id]
        return below

    def find_newest_end(self, message_id: str) -> str:
        """Return the end of the newest branch from a message on."""
        while self.children[message_id]:
            message_id = self.children[message_id][-1]
        return message_id


def remove_exchange(
    db: Connection, conversation: Conversation, prompt_id: str, deleted_at: float
) -> bool:
    """Take a prompt with its answers out; what follows the shown one goes to what stood above.

    Return False, having done nothing, when no other message is left.
    """
    tree = _Tree(db, conversation)
    path, answers = tree.list_path(conversation.head_id), tree.children[prompt_id]
    answer_id = next((one for one in answers if one in path), answers[-1] if answers else None)
    followers = tree.children[answer_id] if answer_id else []
    removed = tree.list_below([prompt_id]) - tree.list_below(followers)
    if len(removed) == len(tree.parents):
        return False
    parent_id, head = tree.parents[prompt_id], conversation.head_id
    if head in removed:
        others = followers or [one for one in tree.children[parent_id] if one != prompt_id]
        head = tree.find_newest_end(others[-1]) if others else parent_id
    removal = _Removal(
        conversation.id, prompt_id, parent_id, answer_id, followers, conversation.head_id, head
    )
    _move_out(db, conversation, removal, removed, deleted_at)
    if conversation.summary and prompt_id in path:
        _forget_summary(db, conversation, path, prompt_id)
    return True


def _move_out(
    db: Connection,
    conversation: Conversation,
    removal: _Removal,
    removed: set[str],
    deleted_at: float,
) -> None:
    prompt = select(_m.content).where(_m.id == removal.prompt_id)
    title = make_title(db.execute(prompt).scalar_one())
    bin_ = replace(new_conversation(conversation.user_id, title), deleted_at=deleted_at)
    db.execute(insert(conversations), make_row(bin_))
    db.execute(insert(removals), {"conversation_id": bin_.id, "details": asdict(removal)})
    of_removed = update(messages).where(_m.id.in_(removed))
    db.execute(of_removed.values(conversation_id=bin_.id))
    parts.end_answers(db, "stopped", _m.id.in_(removed))
    _set_parent(db, [removal.prompt_id], None)
    _set_parent(db, removal.followers, removal.parent_id)
    _set_head(db, conversation.id, removal.head_after)


def _forget_summary(
    db: Connection, conversation: Conversation, path: list[str], prompt_id: str
) -> None:
    """Forget a summary that tells of the exchange as well."""
    assert conversation.summary is not None
    if conversation.summary.until in path[path.index(prompt_id) :]:
        where = conversations.c.id == conversation.id
        db.execute(update(conversations).where(where).values(summary=None))


def restore(db: Connection, conversation_id: str) -> str:
    """Put an exchange back that has become this conversation; return where it is then.

    A conversation that is none stays as it is, and so does an exchange of one that is gone.
    """
    where = removals.c.conversation_id == conversation_id
    details = db.execute(select(removals.c.details).where(where)).scalar_one_or_none()
    db.execute(delete(removals).where(where))
    if details is None:
        return conversation_id
    removal, c = _Removal(**details), conversations.c
    alive = select(c.head_id).where(c.id == removal.conversation_id, c.deleted_at.is_(None))
    if (origin := db.execute(alive).one_or_none()) is None:
        db.execute(
            update(conversations)
            .where(c.id == conversation_id)
            .values(head_id=removal.answer_id or removal.prompt_id)
        )
        return conversation_id
    _move_back(db, conversation_id, removal)
    if origin.head_id == removal.head_after:
        _set_head(db, removal.conversation_id, removal.head_before)
    db.execute(delete(conversations).where(c.id == conversation_id))
    return removal.conversation_id


def _move_back(db: Connection, conversation_id: str, removal: _Removal) -> None:
    there = _m.conversation_id == removal.conversation_id
    wanted = [removal.parent_id, *removal.followers]
    still = set(db.execute(select(_m.id).where(there, _m.id.in_(wanted))).scalars())
    own = update(messages).where(_m.conversation_id == conversation_id)
    db.execute(own.values(conversation_id=removal.conversation_id))
    _set_parent(db, [removal.prompt_id], removal.parent_id if removal.parent_id in still else None)
    _set_parent(db, [one for one in removal.followers if one in still], removal.answer_id)


def _set_parent(db: Connection, message_ids: Sequence[str], parent_id: str | None) -> None:
    if message_ids:
        db.execute(update(messages).where(_m.id.in_(message_ids)).values(parent_id=parent_id))


def _set_head(db: Connection, conversation_id: str, head_id: str | None) -> None:
    where = conversations.c.id == conversation_id
    db.execute(update(conversations).where(where).values(head_id=head_id))
