"""Files of exported conversations, of this chat and of two other programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from chatbot import transfer
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import new_conversation
from chatbot.domain.messages import new_message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics
from chatbot.transfer import importing
from tests.support.files import image


def make_archive(title: str = "About a cat", **changed: Any) -> ConversationArchive:
    """Return a prompt with a file and two answers, the first of them visible."""
    conversation = replace(
        new_conversation("ann", title), model="m", system_prompt="Be\nbrief.", created_at=86400.0,
        parameters=Parameters(temperature=0.5), pinned=True,
    )  # fmt: skip
    question = new_message(conversation.id, None, "user", content="What *is* it?")
    seen = new_message(conversation.id, question.id, "assistant", content="A cat", model="m")
    seen = replace(seen, thinking="Fur.\nTail.", statistics=Statistics(output_tokens=3, eval_s=0.5))
    other = new_message(conversation.id, question.id, "assistant", content="A dog", model="m")
    files = {question.id: [Attachment("a.png", "image/png", 4, image("PNG"))]}
    made = ConversationArchive(
        replace(conversation, head_id=seen.id), [question, seen, other], files
    )
    return replace(made, **changed)


PNG = base64.b64encode(image("PNG")).decode()


def open_webui_export() -> list[dict[str, Any]]:
    """Return what Open WebUI exports: a prompt with an image, two answers, the second one seen."""
    thought = (
        '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds'
        "</summary>\n&gt; Fur &amp; tail.\n&gt; So:\n</details>\nA cat"
    )
    messages = {
        "q": {"id": "q", "parentId": None, "childrenIds": ["a", "b"], "role": "user",
              "content": "What is it?", "timestamp": 1700000000, "models": ["llama3.2"],
              "files": [{"type": "image", "url": f"data:image/png;base64,{PNG}"},
                        {"type": "file", "name": "n.txt", "file": {"data": {"content": "Text"}}},
                        {"type": "collection", "name": "elsewhere"}]},
        "a": {"id": "a", "parentId": "q", "childrenIds": [], "role": "assistant",
              "content": "A dog", "model": "llama3.2", "done": True, "timestamp": 1700000001},
        "b": {"id": "b", "parentId": "q", "childrenIds": [], "role": "assistant",
              "content": thought, "model": "qwen3", "timestamp": 1700000002000},
    }  # fmt: skip
    chat = {
        "title": "Animals",
        "models": ["qwen3"],
        "params": {"system": "Be brief.", "temperature": 0.5, "top_p": 7, "stop": ["END"]},
        "history": {"currentId": "b", "messages": messages},
    }
    return [{"id": "1", "user_id": "u", "title": "Animals", "chat": chat, "pinned": True,
             "archived": False, "created_at": 1700000000, "updated_at": 1700000009}]  # fmt: skip


def hollama_export() -> list[dict[str, Any]]:
    """Return what Hollama exports: knowledge, a prompt with an image, an answer with reasoning."""
    return [
        {
            "id": "x1", "model": {"name": "gemma:7b", "serverId": "s"}, "options": {"seed": 7},
            "systemPrompt": {"role": "system", "content": "Be brief."},
            "updatedAt": "2024-09-24T14:24:30.725Z",
            "messages": [
                {"role": "user", "content": "<CONTEXT>", "knowledge":
                    {"id": "k", "name": "Notes", "content": "All", "updatedAt": "2024"}},
                {"role": "user", "content": "Please say: what is it?",
                 "images": [{"data": PNG, "filename": "c.png"}, PNG]},
                {"role": "ai", "content": "A cat", "reasoning": "Fur."},
            ],
        }
    ]  # fmt: skip


def read_archives(document: object) -> list[ConversationArchive]:
    """Return the conversations of a document."""
    return [*importing.read(json.dumps(document).encode()).archives]


def list_losses(document: object) -> list[tuple[str, str, int]]:
    """Return what is left out of a document, with the title or the line of its conversation."""
    reading = importing.read(json.dumps(document, indent=1).encode())
    return [(loss.what, loss.title, loss.line) for loss in reading.losses]


def read_refusal(data: bytes) -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(transfer.BadFile) as refused:
        importing.read(data)
    return refused.value.sentence


def to_json(archives: Iterable[ConversationArchive]) -> bytes:
    """Return the whole file of these conversations as JSON."""
    return b"".join(transfer.write_json(archives))


def to_markdown(archives: Iterable[ConversationArchive]) -> str:
    """Return the whole file of these conversations as Markdown."""
    return b"".join(transfer.write_markdown(archives)).decode()


def own_export() -> dict[str, Any]:
    """Return a file of this chat with two conversations."""
    written: dict[str, Any] = json.loads(to_json([make_archive("First"), make_archive("Second")]))
    return written


def list_visible(one: ConversationArchive) -> list[str]:
    """Return what the page shows: the contents from the first message to the head."""
    by_id = {message.id: message for message in one.messages}
    path: list[str] = []
    at = one.conversation.head_id
    while at is not None:
        path.append(by_id[at].content)
        at = by_id[at].parent_id
    return path[::-1]


def read_chat(head: str | None, **messages: dict[str, Any]) -> ConversationArchive:
    """Return one chat of Open WebUI, read: `messages` are nodes by id, `head` is the last one."""
    history = {"currentId": head, "messages": messages}
    (one,) = read_archives([{"title": "Case", "chat": {"title": "Case", "history": history}}])
    return one


def node(role: str, parent: str | None, content: Any, **more: Any) -> dict[str, Any]:
    """Return a message as Open WebUI writes it, `parent` by its id."""
    return {"role": role, "parentId": parent, "content": content, **more}


def prompt_node(parent: str | None, content: Any = "Q", **more: Any) -> dict[str, Any]:
    """Return a prompt as Open WebUI writes it."""
    return node("user", parent, content, **more)


def answer_node(parent: str | None, content: Any = "A", **more: Any) -> dict[str, Any]:
    """Return an answer as Open WebUI writes it."""
    return node("assistant", parent, content, **more)
