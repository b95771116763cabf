"""Makes one tree with a visible end of a file's messages, whatever is wrong with their ties."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import replace

from chatbot.domain.archive import ConversationArchive, sort_parents_first
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message, new_message
from chatbot.transfer.losses import Unreadable

Files = dict[str, list[Attachment]]  # by message id


def mend_tree(
    conversation: Conversation, messages: Sequence[Message], files: Files
) -> ConversationArchive:
    """Return the conversation with parents before children; raises Unreadable without a message.

    A message whose parent is lost goes on where the conversation had come to at its time; a lost
    end becomes the newest one.
    """
    if not messages:
        raise Unreadable
    ordered = sort_parents_first(_Tree(messages).mend_tree())
    head = conversation.head_id
    if head not in {message.id for message in ordered}:
        head = _newest_end(ordered)
    return ConversationArchive(replace(conversation, head_id=head), ordered, files)


def resolve_id(message_id: str | None, instead: dict[str, str | None]) -> str | None:
    """Return the id itself, or what stands `instead` of it, over as many steps as it takes.

    The steps are made shorter for the next time: thousands may lead through the same ones.
    """
    seen: dict[str, None] = {}
    while message_id is not None and message_id in instead and message_id not in seen:
        seen[message_id] = None
        message_id = instead[message_id]
    instead.update(dict.fromkeys(seen, message_id))
    return message_id


def tie_messages(
    messages: Sequence[Message], instead: dict[str, str | None], damaged: Set[str]
) -> list[Message]:
    """Return the messages with the parents that stand `instead` of those that are left out.

    A damaged one that has an answer stays as an empty prompt.
    """
    prompts: dict[str, Message] = {}
    for message in messages:
        parent = message.parent_id
        if message.role == "assistant" and parent in damaged and parent is not None:
            prompts[parent] = replace(make_lost_prompt(message, instead.get(parent)), id=parent)
    for message_id in prompts:
        instead.pop(message_id, None)
    return [
        replace(message, parent_id=resolve_id(message.parent_id, instead))
        for message in (*prompts.values(), *messages)
    ]


def _newest_end(messages: Sequence[Message]) -> str:
    parents = {message.parent_id for message in messages}
    ends = [message for message in messages if message.id not in parents]
    return max(reversed(ends), key=lambda message: message.created_at).id


class _Tree:
    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = {message.id: message for message in messages}
        self._in_time = sorted(self._messages.values(), key=lambda message: message.created_at)
        self._children: dict[str | None, list[str]] = defaultdict(list)
        self._placed: set[str] = set()
        for message in self._messages.values():
            self._children[message.parent_id].append(message.id)

    def mend_tree(self) -> list[Message]:
        for message_id in self._children[None]:
            self._place_branch(message_id)
        known = set(self._messages)
        self._adopt_orphans({one.id for one in self._in_time if one.parent_id not in known})
        self._adopt_orphans(known)  # what is left are circles
        return list(self._messages.values())

    def _place_branch(self, message_id: str) -> None:
        """Mark the message and all below it as parts of the tree."""
        waiting = [message_id]
        while waiting:
            below = waiting.pop()
            if below not in self._placed:
                self._placed.add(below)
                waiting += self._children[below]

    def _adopt_orphans(self, orphans: set[str]) -> None:
        before: Message | None = None
        for message in self._in_time:
            if message.id in orphans and message.id not in self._placed:
                self._tie_message(message, before)
                self._place_branch(message.id)
            if message.id in self._placed:
                before = message

    def _tie_message(self, message: Message, before: Message | None) -> None:
        """Tie a message to the one before it in time, with an empty prompt where one is lost."""
        if message.role == "assistant" and (before is None or before.role == "assistant"):
            before = make_lost_prompt(message, before.id if before else None)
            self._messages[before.id] = before
        parent_id = before.id if before else None
        self._messages[message.id] = replace(self._messages[message.id], parent_id=parent_id)


def make_lost_prompt(answer: Message, parent_id: str | None) -> Message:
    """Return an empty prompt for an answer without one: the page shows answers with prompts."""
    prompt = new_message("", parent_id, "user")
    return replace(prompt, created_at=answer.created_at, updated_at=answer.created_at)


def alternate_roles(archive: ConversationArchive) -> ConversationArchive:
    """Return prompts and answers by turns, as the page shows them.

    An answer that goes on with another one becomes one with it: programs that let models call
    tools keep each step by itself. Other answers without a prompt get an empty one.
    """
    messages, chains = _pair_messages(archive.messages)
    files = dict(archive.files)
    head = archive.conversation.head_id
    for last, chain in chains.items():
        messages[last] = _join_chain(messages[last], chain)
        if kept := [file for part in chain for file in files.pop(part.id, [])]:
            files[last] = kept
        head = last if head in {part.id for part in chain} else head
    return ConversationArchive(
        replace(archive.conversation, head_id=head), list(messages.values()), files
    )


def _pair_messages(
    messages: Sequence[Message],
) -> tuple[dict[str | None, Message], dict[str, list[Message]]]:
    """Return the messages by id, and by the id of its last part each answer that has several."""
    children = Counter(message.parent_id for message in messages)
    made: dict[str | None, Message] = {}
    chains: dict[str, list[Message]] = {}
    prompts: dict[str | None, Message] = {}
    for message in messages:
        parent = made.get(message.parent_id)
        if message.role == "user" or (parent and parent.role == "user"):
            made[message.id] = message
        elif parent and children[parent.id] == 1:
            chain = chains[message.id] = chains.pop(parent.id, [parent])
            chain.append(message)
            made[message.id] = replace(message, parent_id=made.pop(parent.id).parent_id)
        else:
            prompt = prompts.setdefault(
                message.parent_id, make_lost_prompt(message, message.parent_id)
            )
            made[prompt.id] = prompt
            made[message.id] = replace(message, parent_id=prompt.id)
    return made, chains


def _join_chain(last: Message, chain: Sequence[Message]) -> Message:
    return replace(
        last,
        content="\n\n".join(part.content for part in chain if part.content),
        thinking="\n\n".join(part.thinking for part in chain if part.thinking),
    )
