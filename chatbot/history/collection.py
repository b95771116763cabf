"""The conversations as a list: found, named, pinned, deleted and had back, taken out and in."""

from __future__ import annotations

import time
from collections.abc import Sequence

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.conversation import Conversation, Deletion
from chatbot.domain.titles import shorten_title
from chatbot.history import archives, parts, queries, removals, search, usage
from chatbot.history.connections import Connections, take_turn
from chatbot.history.errors import not_found
from chatbot.history.queries import ids_of

UNDO = 300.0  # seconds in which a deletion can be undone
LOST_S = 300.0  # a process that cannot reach the database for a shorter time goes on writing
PURGE_STEP = 100  # conversations
ALL = 1_000_000_000


class Collection(Connections):
    """What can be done to conversations without looking at their messages one by one."""

    def list_conversations(self, user_id: str, most: int = ALL) -> list[Conversation]:
        """List the user's conversations: pinned ones first, then those asked last."""
        with self._reading() as db:
            rows = db.execute(queries.ALL, {"user": user_id, "most": most})
            return [Conversation(*row) for row in rows]

    def search_conversations(self, user_id: str, query: str) -> list[search.Hit]:
        """Find the user's conversations with all words of `query` in the title or a message.

        At most MOST_HITS, in the order of the list; a query without words finds nothing. The
        database gives up after some seconds.
        """
        words = search.split_words(query)
        if not words:
            return []
        with self._reading() as db, search.limit_time(db):
            statement = search.build_statement(words, db.dialect.name)
            rows = db.execute(statement, {"user": user_id}).all()
        return [
            search.Hit(Conversation(*row[:-2]), search.cut_excerpt(row[-2], row[-1], words))
            for row in rows
        ]

    def measure_usage(self, user_id: str) -> usage.Usage:
        """Return what the user keeps; takes some ten milliseconds for 20 MB."""
        with self._reading() as db:
            row = db.execute(usage.build_statement(db.dialect.name), {"user": user_id}).one()
        return usage.Usage(int(row[0]), sum(map(int, row[1:])))

    def measure_files(self, conversation_id: str) -> int:
        """Return the bytes of the files of a conversation, in all versions of its prompts."""
        with self._reading() as db:
            names = {"conversation": conversation_id}
            return int(db.execute(usage.OF_CONVERSATION, names).scalar_one())

    def find_free_bytes(self) -> int | None:
        """Return what the history's disk has free; None where another machine may have it."""
        return usage.find_free_bytes(self._reader.url)

    def rename_conversation(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title, cut to one short line, or raise NotFound."""
        names = {**ids_of(user_id, conversation_id), "new_title": shorten_title(title)}
        self._change_one(queries.RENAME, names)

    def pin_conversation(self, user_id: str, conversation_id: str, pinned: bool) -> None:
        """Put a conversation before the others, or back among them, or raise NotFound."""
        self._change_one(queries.PIN, {**ids_of(user_id, conversation_id), "is_pinned": pinned})

    def delete_conversation(self, user_id: str, conversation_id: str) -> None:
        """Delete a conversation and all that belongs to it, or raise NotFound.

        For UNDO seconds it is only hidden, and `undo_deletion` brings it back.
        """
        self._change_one(queries.DELETE, {**ids_of(user_id, conversation_id), "now": time.time()})

    def delete_all_conversations(self, user_id: str) -> None:
        """Delete all of the user's conversations, as `delete_conversation` does."""
        with self._writing() as db:
            db.execute(queries.DELETE_ALL, {"user": user_id, "now": time.time()})

    def find_last_deletion(self, user_id: str) -> Deletion | None:
        """Return the user's last deletion, or None when there is none to be undone."""
        with self._reading() as db:
            since = {"user": user_id, "since": time.time() - UNDO}
            row = db.execute(queries.LAST_DELETED, since).one_or_none()
        return None if row is None else Deletion(*row)

    def undo_deletion(self, user_id: str, deletion: Deletion) -> list[str]:
        """Undo a deletion; returns the ids of what came back, none when it was too late.

        An exchange comes back to its conversation.
        """
        with self._writing() as db:
            names = {"user": user_id, "at": deletion.deleted_at}
            ids = db.execute(queries.UNDELETE, names).scalars().all()
            return [removals.restore(db, conversation_id) for conversation_id in ids]

    def purge_deletions(self) -> None:
        """Delete for good, of all users, what was deleted more than UNDO seconds ago."""
        with self._writing() as db:
            db.execute(queries.PURGE, {"before": time.time() - UNDO})
            db.execute(queries.PURGE_FOLLOWERS, {"before": time.time() - UNDO})

    def purge_old(self, age_s: float) -> None:
        """Delete for good, of all users, the conversations whose last message is older than that.

        In steps between which others write; of the processes that call it at once, one does it.
        """
        before = time.time() - age_s
        while self._purge_step(before):
            pass

    def _purge_step(self, before: float) -> bool:
        """Return whether there are more."""
        names = {"before": before, "most": PURGE_STEP}
        with self._writing() as db:
            if not take_turn(db, "retention"):
                return False
            return db.execute(queries.PURGE_OLD, names).rowcount == PURGE_STEP

    def end_lost_answers(self) -> None:
        """End, of all users, the answers that nobody has saved for LOST_S: their process died."""
        with self._writing() as db:
            parts.end_answers(db, "interrupted", *parts.LOST, before=time.time() - LOST_S)

    def export_archives(
        self, user_id: str, conversation_id: str | None = None
    ) -> list[ConversationArchive]:
        """Read one conversation (None: all) with all versions and files; raises NotFound."""
        with self._reading() as db:
            found = list(archives.read_archives(db, user_id, conversation_id))
        if conversation_id is not None and not found:
            raise not_found()
        return found

    def import_archives(self, user_id: str, new: Sequence[ConversationArchive]) -> list[str]:
        """Store whole conversations under new ids as the user's: all of them or none.

        Their ids, which only say how they belong together, are returned anew. Takes 4 s for 60 MB
        of text, in steps between which others write; before the last one all count as deleted.
        """
        hidden = Deletion(time.time(), len(new), "")
        ids = archives.make_ids(len(new))[::-1]  # where times are equal, ids say the order
        for step in archives.divide_steps(zip(ids, new, strict=True)):
            with self._writing() as db:
                archives.store_archives(db, user_id, step, hidden.deleted_at)
        self.undo_deletion(user_id, hidden)
        return ids
