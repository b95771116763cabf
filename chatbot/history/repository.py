"""Reads and writes conversations; safe to use from any thread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Executable, Update, insert, select, update

from chatbot.domain.attachment import Attachment
from chatbot.domain.branch import Branch
from chatbot.domain.conversation import Conversation, new_conversation
from chatbot.domain.conversation_settings import DEFAULT_SETTINGS, ConversationSettings
from chatbot.domain.exchange import Exchange
from chatbot.domain.messages import Ending, Message, new_message
from chatbot.domain.statistics import NO_STATISTICS, Statistics
from chatbot.domain.titles import make_title, shorten_title
from chatbot.errors import ChatError
from chatbot.history import branches, parts, queries, removals
from chatbot.history.collection import Collection
from chatbot.history.connections import skip_sync
from chatbot.history.errors import not_found
from chatbot.history.preferences import Preferences
from chatbot.history.queries import ids_of as _ids
from chatbot.history.schema import (
    answer_parts,
    conversations,
    followers,
    make_row,
    messages,
)
from chatbot.history.sign_outs import SignOutTable

_m = messages.c
STALE = 15.0  # seconds without a save, after which an answer's writer counts as dead


class History(Collection, Preferences, SignOutTable):
    """All users' conversations; each call raises HistoryUnavailable when the database fails.

    A call takes a millisecond, or up to 5 s while another program holds the database.
    """

    def get_conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """Return one conversation, or raise NotFound when this user has none of that id."""
        with self._reading() as db:
            return _find_conversation(db, user_id, conversation_id)

    def read_branch(self, user_id: str, conversation_id: str) -> Branch:
        """Return what is shown of a conversation, or raise NotFound.

        An answer that nobody has saved for STALE seconds is "interrupted": its process died.
        """
        ids = _ids(user_id, conversation_id)
        with self._reading() as db:
            conversation = _find_conversation(db, user_id, conversation_id)
            rows = db.execute(queries.PATH, ids).all()
            files = branches.list_files(db, ids)
        alive = time.time() - STALE
        messages = [_mark_interrupted(Message.from_row(row), alive) for row in rows]
        return Branch(conversation, messages, files)

    def list_messages(self, user_id: str, conversation_id: str) -> list[Message]:
        """Return the visible path, oldest first, as `read_branch` has it, or raise NotFound."""
        return self.read_branch(user_id, conversation_id).messages

    def get_message(self, user_id: str, message_id: str) -> Message:
        """Return one message as `read_branch` has it, or raise NotFound."""
        with self._reading() as db:
            return _find_message(db, user_id, message_id)

    def get_exchange(self, user_id: str, answer_id: str) -> Exchange:
        """Return an answer with its prompt, its files and versions, or raise NotFound."""
        with self._reading() as db:
            answer = _find_message(db, user_id, answer_id)
            conversation = _find_conversation(db, user_id, answer.conversation_id)
            prompt = _find_prompt(db, conversation, answer_id)
            files = branches.list_files(db, _ids(user_id, conversation.id)).get(prompt.id, ())
            return _with_versions(db, Exchange(conversation, prompt, answer, files))

    def store_prompt(
        self,
        user_id: str,
        conversation_id: str | None,
        prompt: str,
        model: str,
        *,
        instead_of: str | None = None,
        files: Sequence[Attachment] = (),
        settings: ConversationSettings = DEFAULT_SETTINGS,
    ) -> Exchange:
        """Store a prompt and its empty answer at a conversation's end (None: in a new one).

        With `instead_of`, a prompt's id, it becomes a new version of that one. A new conversation
        begins with `setup`; a file sent without a word gives it its name as the title.
        """
        with self._writing() as db:
            if conversation_id is None:
                title = (
                    make_title(prompt)
                    if prompt.strip() or not files
                    else shorten_title(files[0].name)
                )
                before = new_conversation(user_id, title, settings)
                db.execute(insert(conversations), make_row(before))
            else:
                before = _find_conversation(db, user_id, conversation_id, queries.ONE_LOCKED)
            parent_id = (
                before.head_id if instead_of is None else _find_parent(db, before, instead_of)
            )
            question = new_message(before.id, parent_id, "user", content=prompt)
            exchange = _store_answer(db, before, question, model, [question])
            stored = branches.store_attachments(db, question.id, files)
            exchange = replace(exchange, files=stored)
            return exchange if instead_of is None else _with_versions(db, exchange)

    def store_retry(
        self, user_id: str, conversation_id: str, answer_id: str, model: str
    ) -> Exchange:
        """Store an empty answer as a new version of another one, or raise NotFound.

        The visible path then ends with it; what followed the other version is kept, unseen.
        """
        with self._writing() as db:
            before = _find_conversation(db, user_id, conversation_id, queries.ONE_LOCKED)
            prompt = _find_prompt(db, before, answer_id)
            exchange = _store_answer(db, before, prompt, model, [])
            files = branches.list_files(db, _ids(user_id, before.id)).get(exchange.prompt.id, ())
            return _with_versions(db, replace(exchange, files=files))

    def resume_answer(self, user_id: str, conversation_id: str, answer_id: str) -> Exchange:
        """Have the conversation's last answer written again, from where it ended.

        Raises NotFound for any other, and while it is written.
        """
        with self._writing() as db:
            before = _find_conversation(db, user_id, conversation_id, queries.ONE_LOCKED)
            now = time.time()
            stale = (_m.id == answer_id, _m.updated_at < now - STALE)
            parts.end_answers(db, "interrupted", *stale)
            names = {"message": answer_id, "now": now}
            if before.head_id != answer_id or not db.execute(queries.RESUME, names).rowcount:
                raise not_found()
            answer = _find_message(db, user_id, answer_id)
            head = {"head": answer_id, "with_model": answer.model, "now": now}
            db.execute(queries.MOVE_HEAD, {"conversation": before.id, **head})
            conversation = replace(before, model=answer.model, updated_at=now)
            prompt = _find_prompt(db, conversation, answer_id)
            files = branches.list_files(db, _ids(user_id, before.id)).get(prompt.id, ())
            return _with_versions(db, Exchange(conversation, prompt, answer, files))

    def delete_exchange(self, user_id: str, conversation_id: str, prompt_id: str) -> bool:
        """Delete a prompt with its answers, which can be undone; raises NotFound.

        What followed the shown answer goes to what stood above. Return False when nothing is left:
        then the conversation is deleted.
        """
        now, ids = time.time(), _ids(user_id, conversation_id)
        with self._writing() as db:
            before = _find_conversation(db, user_id, conversation_id, queries.ONE_LOCKED)
            _find_parent(db, before, prompt_id)
            if not removals.remove_exchange(db, before, prompt_id, now):
                db.execute(queries.DELETE, {**ids, "now": now})
                return False
        return True

    def list_versions(self, user_id: str, conversation_id: str) -> dict[str, list[str]]:
        """For each message that has other versions: the ids of all of them, oldest first."""
        with self._reading() as db:
            return branches.versions(db, _ids(user_id, conversation_id))

    def show_version(self, user_id: str, conversation_id: str, message_id: str) -> None:
        """Make the visible path go through this version, to its newest end, or raise NotFound."""
        with self._writing() as db:
            _find_conversation(db, user_id, conversation_id, queries.ONE_LOCKED)
            head = branches.find_newest_end(db, _ids(user_id, conversation_id), message_id)
            where = conversations.c.id == conversation_id
            db.execute(update(conversations).where(where).values(head_id=head))

    def read_attachments(
        self, user_id: str, message_ids: Sequence[str]
    ) -> dict[str, list[Attachment]]:
        """Return the attachments of these messages, as far as they are the user's."""
        if not message_ids:
            return {}
        with self._reading() as db:
            return branches.read_attachments(db, user_id, message_ids)

    def get_attachment(self, user_id: str, attachment_id: str) -> Attachment:
        """Return one attachment, or raise NotFound when this user has none of that id."""
        return self._read_file(queries.FILE, user_id, attachment_id)

    def get_thumbnail(self, user_id: str, attachment_id: str) -> Attachment:
        """Return what pages draw of an image as `get_attachment` does, without the rest of it."""
        return self._read_file(queries.THUMBNAIL, user_id, attachment_id)

    def _read_file(self, query: Executable, user_id: str, attachment_id: str) -> Attachment:
        with self._reading() as db:
            ids = {"user": user_id, "attachment": attachment_id}
            row = db.execute(query, ids).one_or_none()
        if row is None:
            raise not_found()
        return branches.make_attachment(row)

    def save_settings(
        self, user_id: str, conversation_id: str, settings: ConversationSettings
    ) -> None:
        """Give a conversation its system prompt, parameters and summary, or raise NotFound."""
        names = {
            "new_prompt": settings.system_prompt,
            "new_parameters": settings.parameters,
            "new_summary": settings.summary,
        }
        self._change_one(queries.CONFIGURE, {**_ids(user_id, conversation_id), **names})

    def save_answer(self, message_id: str, *, content: str, thinking: str = "") -> bool:
        """Keep the answer so far and show that its writer lives; to be called within STALE.

        False: it is no longer being written (it has ended, or its conversation was deleted).
        """
        return self._write_answer(queries.SAVE, message_id, text=content, thought=thinking)

    def append_part(
        self, message_id: str, number: int, *, content: str, thinking: str = ""
    ) -> bool:
        """Do as `save_answer`, with no more than what is new; parts are numbered in their order.

        Nobody waits for PostgreSQL's disk: its own crash may cost the last part.
        """
        with self._writing() as db:
            skip_sync(db)
            names = {"message": message_id, "now": time.time()}
            if not db.execute(queries.TOUCH, names).rowcount:
                return False
            if content or thinking:
                part = {"message_id": message_id, "number": number}
                db.execute(insert(answer_parts), {**part, "content": content, "thinking": thinking})
        return True

    def follow_answer(self, user_id: str, message_id: str) -> Message:
        """Return an answer that another process writes, which learns that somebody waits for it.

        Raises NotFound.
        """
        message = self.get_message(user_id, message_id)
        if message.state == "writing":
            with self._writing() as db:
                mark = {"message": message_id, "now": time.time()}
                if not db.execute(queries.FOLLOW, mark).rowcount:
                    row = {"message_id": message_id, "followed_at": mark["now"]}
                    db.execute(insert(followers), row)
        return message

    def find_followed_at(self, message_id: str) -> float | None:
        """Return when `follow_answer` was called last, in Unix seconds; None if it never was."""
        with self._reading() as db:
            return db.execute(queries.FOLLOWED_AT, {"message": message_id}).scalar_one_or_none()

    def stop_answer(self, user_id: str, message_id: str) -> bool:
        """End an answer that another process writes, which then learns it from `save_answer`.

        What was saved stays. False: it had ended before. Raises NotFound.
        """
        names = {"user": user_id, "message": message_id}
        with self._writing() as db:
            if parts.end_answers(db, "stopped", *queries.IS_OWNED_MESSAGE, **names):
                return True
            _find_message(db, user_id, message_id)
        return False

    def finish_answer(
        self,
        message_id: str,
        *,
        content: str,
        thinking: str = "",
        state: Ending,
        error: ChatError | None = None,
        statistics: Statistics = NO_STATISTICS,
    ) -> bool:
        """End an answer; its first end stays. False: it had ended before, or was deleted."""
        return self._write_answer(
            queries.FINISH,
            message_id,
            text=content,
            thought=thinking,
            ending=state,
            sentence=error.sentence if error else "",
            code=error.code if error else None,
            arguments=error.notice.arguments_as_json() if error else None,
            figures=statistics,
        )

    def _write_answer(self, statement: Update, message_id: str, **values: Any) -> bool:
        names = {"message": message_id, "now": time.time(), **values}
        with self._writing() as db:
            if db.execute(statement, names).rowcount:
                parts.drop(db, [message_id])
                return True
            parts.fold(db, [message_id])  # a chat of before has ended it, which knows of none
            return False


def _find_conversation(
    db: Connection, user_id: str, conversation_id: str, query: Executable = queries.ONE
) -> Conversation:
    row = db.execute(query, _ids(user_id, conversation_id)).one_or_none()
    if row is None:
        raise not_found()
    return Conversation(*row)


def _find_message(db: Connection, user_id: str, message_id: str) -> Message:
    names = {"user": user_id, "message": message_id}
    row = db.execute(queries.MESSAGE, names).one_or_none()
    if row is None:
        raise not_found()
    return _mark_interrupted(Message.from_row(row), time.time() - STALE)


def _find_prompt(db: Connection, conversation: Conversation, answer_id: str) -> Message:
    ids = {"conversation": conversation.id, "answer": answer_id}
    row = db.execute(queries.QUESTION_OF, ids).one_or_none()
    if row is None:
        raise not_found()
    return Message(*row)


def _find_parent(db: Connection, conversation: Conversation, question_id: str) -> str | None:
    found = db.execute(
        select(_m.parent_id).where(
            _m.id == question_id, _m.conversation_id == conversation.id, _m.role == "user"
        )
    ).one_or_none()
    if found is None:
        raise not_found()
    parent_id: str | None = found[0]
    return parent_id


def _store_answer(
    db: Connection, before: Conversation, question: Message, model: str, more: list[Message]
) -> Exchange:
    answer = new_message(before.id, question.id, "assistant", model=model, state="writing")
    db.execute(insert(messages), [make_row(one) for one in (*more, answer)])
    after = replace(before, head_id=answer.id, model=model, updated_at=answer.created_at)
    head = {"head": answer.id, "with_model": model, "now": answer.created_at}
    db.execute(queries.MOVE_HEAD, {"conversation": before.id, **head})
    return Exchange(after, question, answer)


def _with_versions(db: Connection, exchange: Exchange) -> Exchange:
    """Return the exchange with the versions of its two messages."""
    of = exchange.conversation
    versions = branches.versions(db, _ids(of.user_id, of.id))
    own = {
        one: versions[one] for one in (exchange.prompt.id, exchange.answer.id) if one in versions
    }
    return replace(exchange, versions=own)


def _mark_interrupted(message: Message, alive: float) -> Message:
    if message.state == "writing" and message.updated_at < alive:
        return replace(message, state="interrupted")
    return message
