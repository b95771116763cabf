"""Reads a chat of Open WebUI's export, which is a list of them, each with a tree of messages.

https://docs.openwebui.com/features/chat-conversations/data-controls/import-export
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated, Any

from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import Conversation
from chatbot.domain.messages import Message, Role
from chatbot.domain.titles import make_title, shorten_title
from chatbot.transfer import foreign, losses
from chatbot.transfer.foreign import Content, Flag, Named, Part, Text, Things, Time
from chatbot.transfer.losses import Lost
from chatbot.transfer.tree import alternate_roles, mend_tree, resolve_id, tie_messages

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant"}
_SYSTEM_ROLES = ("system", "developer")
_TOOLS = ("tool", "function")
_NAMES = {"max_tokens": "num_predict", "reasoning_effort": "think"}  # as this chat calls them
_LOST = "\0"  # the id of a parent that nothing has
_OF_ANSWERS = ("model", "followUps", "done", "output", "sources", "statusHistory")


class _Message(Part):
    id: Text = ""
    parentId: Text = ""
    childrenIds: Things = ()
    role: Text = ""
    content: Any = None
    output: Any = None
    reasoning_content: Text = ""
    model: Text = ""
    timestamp: Time = None
    error: Any = None
    done: Any = None
    files: Things = ()


class _History(Part):
    currentId: Text = ""
    messages: Any = None


class _Chat(Part):
    title: Text = ""
    models: Things = ()
    history: Annotated[_History, foreign.lenient(_History())] = _History()
    messages: Things = ()
    params: Named = None
    system: Text = ""


class _Item(Part):
    title: Text = ""
    chat: Annotated[_Chat, foreign.lenient(_Chat())]
    pinned: Flag = False
    created_at: Time = None
    updated_at: Time = None


def is_chat(document: object) -> bool:
    """Return whether the document looks like such a chat."""
    return isinstance(document, dict) and ("chat" in document or "history" in document)


def read(document: dict[str, Any], lost: Lost) -> ConversationArchive:
    """Read a chat; raises Unreadable, and adds to `lost` what it leaves out."""
    item = _Item.model_validate(document if "chat" in document else {"chat": document})
    created = item.created_at or time.time()
    nodes = _Nodes(item.chat, created, lost)
    archive = mend_tree(_make_conversation(item, nodes, created), nodes.messages, nodes.files)
    return alternate_roles(archive)


def _make_conversation(item: _Item, nodes: _Nodes, created: float) -> Conversation:
    chat, options = item.chat, _rename_options(item.chat.params)
    system_prompts = [options.pop("system", None) or chat.system, *nodes.system_prompts]
    models = [message.model for message in nodes.messages if message.model]
    return Conversation(
        id="",
        user_id="",
        title=_choose_title(item, nodes.messages),
        pinned=item.pinned,
        model=models[-1] if models else next((m for m in chat.models if isinstance(m, str)), ""),
        system_prompt="\n\n".join(
            dict.fromkeys(t for t in system_prompts if isinstance(t, str) and t)
        ),
        parameters=foreign.read_parameters(options, nodes.lost),
        head_id=resolve_id(chat.history.currentId, nodes.instead),
        created_at=created,
        updated_at=item.updated_at or created,
    )


def _rename_options(params: dict[str, Any] | None) -> dict[str, Any]:
    options = {_NAMES.get(name, name): value for name, value in (params or {}).items()}
    if isinstance(stop := options.get("stop"), str):
        options["stop"] = [word for word in stop.split(",") if word]
    return options


def _choose_title(item: _Item, messages: list[Message]) -> str:
    title = item.chat.title or item.title
    if title and title != "New Chat":
        return shorten_title(title)
    return make_title(next((one.content for one in messages if one.role == "user"), ""))


@dataclass
class _Nodes:
    """The messages of a chat, still as their ties are there.

    `instead` has, for each id that is no message here, the one that stands for it.
    """

    chat: _Chat
    at: float
    lost: Lost
    messages: list[Message] = field(default_factory=list)
    files: dict[str, list[Attachment]] = field(default_factory=dict)
    system_prompts: list[str] = field(default_factory=list)
    instead: dict[str, str | None] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        nodes = _read_nodes(self.chat)
        ids = {node.id: key for key, node in nodes.items() if node.id not in nodes}
        self.instead |= {other: key for other, key in ids.items() if other}
        parents = self._find_parents(nodes)
        for key, node in nodes.items():
            if node.role:
                self._take_node(key, parents[key], node)
        answers = {key: node for key, node in nodes.items() if node.role == "assistant"}
        contents = {text: key for key, node in answers.items() if (text := _plain_text(node))}
        for key, node in nodes.items():
            if not node.role and (text := _plain_text(node)) in contents:
                self.instead[key] = contents[text]
            elif not node.role:
                self._guess_role(key, parents[key], node, parents[key] in answers)
        self.messages = tie_messages(self.messages, self.instead, self.damaged)

    def _find_parents(self, nodes: dict[str, _Message]) -> dict[str, str | None]:
        """Return what each node says of its parent, or what a parent says of it."""
        listed = {str(child): key for key, node in nodes.items() for child in node.childrenIds}
        known = nodes.keys() | self.instead.keys()
        return {
            key: (node.parentId if node.parentId in known else listed.get(key, node.parentId))
            or None
            for key, node in nodes.items()
        }

    def _take_node(self, key: str, parent: str | None, node: _Message) -> None:
        role = _ROLES.get(node.role)
        if role is not None:
            self._add_message(key, parent, role, node)
            return
        self.instead[key] = parent
        if node.role in _SYSTEM_ROLES:
            self.system_prompts.append(foreign.read_content(node.content, self.lost).text)
        elif node.role in _TOOLS:
            self.lost.add(losses.TOOLS)
        else:
            self.damaged.add(key)
            self.lost.add(losses.MESSAGES)

    def _guess_role(self, key: str, parent: str | None, node: _Message, is_prompt: bool) -> None:
        """Take a node without a role: what came late for an answer, or what is left of one."""
        if not (node.content or node.output):
            self.instead[key] = parent
        elif is_prompt:
            self._add_message(key, parent, "user", node)
        elif parent is not None or node.model_fields_set.intersection(_OF_ANSWERS):
            self._add_message(key, parent or _LOST, "assistant", node)
        else:
            self.lost.add(losses.MESSAGES)

    def _add_message(self, key: str, parent: str | None, role: Role, node: _Message) -> None:
        content = _read_content(node, role, self.lost)
        self.at = node.timestamp or self.at
        error = node.error.get("content") if isinstance(node.error, dict) else node.error
        unfinished = role == "assistant" and node.done is False and not content.text
        message = foreign.make_message(
            key, parent, role, content, self.at,
            model=node.model if role == "assistant" else "",
            state="failed" if node.error else "interrupted" if unfinished else "done",
            error=error if isinstance(error, str) else "",
        )  # fmt: skip
        self.messages.append(message)
        if content.files:
            self.files[key] = content.files


def _read_nodes(chat: _Chat) -> dict[str, _Message]:
    """Return the nodes by key; old chats have a list of messages, each following the last."""
    written = chat.history.messages or chat.messages
    if isinstance(written, list):
        written = _link_in_order(written)
    if not isinstance(written, dict):
        return {}
    return {
        key: _Message.model_validate(node if isinstance(node, dict) else {"role": "?"})
        for key, node in written.items()
    }


def _link_in_order(written: list[Any]) -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    parent = None
    for number, node in enumerate(written):
        key = str((isinstance(node, dict) and node.get("id")) or number)
        nodes[key] = {"parentId": parent, **node} if isinstance(node, dict) else node
        parent = key
    return nodes


def _plain_text(node: _Message) -> str:
    return node.content if isinstance(node.content, str) else ""


def _read_content(node: _Message, role: Role, lost: Lost) -> Content:
    content = foreign.read_content(node.content, lost)
    if node.output and not content.text:
        content = foreign.read_content(node.output, lost)
    for number, file in enumerate(node.files, 1):
        if (read := _read_attachment(file, f"image-{number}", lost)) is not None:
            content.files.append(read)
    if role == "assistant":
        thinking, content.text = foreign.cut_thinking(content.text, lost)
        content.thinking = content.thinking or thinking or node.reasoning_content
    return content


def _read_attachment(file: Any, name: str, lost: Lost) -> Attachment | None:
    """Return an image or a text that is in the export; others are only named there."""
    fields = file if isinstance(file, dict) else {}
    inner = fields["file"] if isinstance(fields.get("file"), dict) else fields
    data = inner.get("data")
    text = data.get("content") if isinstance(data, dict) else inner.get("content")
    given = fields.get("name") or inner.get("filename")
    called = given if isinstance(given, str) else ""
    if isinstance(text, str) and text:
        return foreign.make_document(called or "file", text, lost)
    return foreign.read_image({**fields, "name": called}, name, lost)
