"""Conversations written to files."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import orjson

from chatbot import transfer
from chatbot.domain.archive import ConversationArchive
from chatbot.domain.attachment import Attachment
from chatbot.domain.conversation import new_conversation
from chatbot.domain.messages import new_message
from chatbot.domain.parameters import Parameters
from chatbot.domain.statistics import Statistics


def archive(title: str = "About a cat", **changed: Any) -> ConversationArchive:
    """A prompt with a file and two answers, the first of them visible."""
    conversation = replace(
        new_conversation("ann", title), model="m", system_prompt="Be\nbrief.", created_at=86400.0,
        parameters=Parameters(temperature=0.5), pinned=True,
    )  # fmt: skip
    question = new_message(conversation.id, None, "user", content="What *is* it?")
    seen = new_message(conversation.id, question.id, "assistant", content="A cat", model="m")
    seen = replace(seen, thinking="Fur.\nTail.", statistics=Statistics(output_tokens=3, eval_s=0.5))
    other = new_message(conversation.id, question.id, "assistant", content="A dog", model="m")
    files = {question.id: [Attachment("a.png", "image/png", 4, b"\x89PNG")]}
    made = ConversationArchive(
        replace(conversation, head_id=seen.id), [question, seen, other], files
    )
    return replace(made, **changed)


def test_json_has_all_of_a_conversation() -> None:
    written = orjson.loads(transfer.to_json([archive()]))
    assert (written["format"], written["version"]) == ("ollama-chatbot conversations", 1)
    (conversation,) = written["conversations"]
    assert conversation["title"] == "About a cat" and conversation["pinned"]
    assert conversation["parameters"] == {"temperature": 0.5}
    question, seen, other = conversation["messages"]
    assert conversation["head_id"] == seen["id"]
    assert seen["parent_id"] == other["parent_id"] == question["id"]
    assert seen["thinking"] == "Fur.\nTail." and seen["stats"]["output_tokens"] == 3
    assert base64.b64decode(question["attachments"][0]["data"]) == b"\x89PNG"
    assert "owner" not in conversation and "ann" not in str(written)


def test_an_answer_under_way_is_written_as_cut_off() -> None:
    one = archive()
    messages = [replace(message, state="writing") for message in one.messages]
    written = orjson.loads(transfer.to_json([replace(one, messages=messages)]))
    states = {message["state"] for message in written["conversations"][0]["messages"]}
    assert states == {"interrupted"}


def test_markdown_reads_as_the_page_shows_it() -> None:
    assert transfer.to_markdown([archive()]) == (
        "# About a cat\n\n1970-01-02\n\n> Be\n> brief.\n\n"
        "## You\n\nAttached: a.png\n\nWhat *is* it?\n\n"
        "## m\n\n> Fur.\n> Tail.\n\nA cat\n\n"
    )


def test_markdown_says_how_an_answer_ended() -> None:
    one = archive()
    last = replace(one.messages[1], state="failed", error="No memory.", content="")
    text = transfer.to_markdown([replace(one, messages=[one.messages[0], last])])
    assert text.endswith("*Failed: No memory.*\n\n")


def test_several_conversations_stand_in_one_file_below_each_other() -> None:
    text = transfer.to_markdown([archive(), archive("Another")])
    assert text.index("# About a cat") < text.index("\n---\n") < text.index("# Another")
    assert transfer.to_markdown([]) == ""
