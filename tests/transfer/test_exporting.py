"""Conversations written to files."""

from __future__ import annotations

import base64
from dataclasses import replace

import orjson

from tests.support.exports import make_archive, to_json, to_markdown
from tests.support.files import image


def test_json_has_all_of_a_conversation() -> None:
    written = orjson.loads(to_json([make_archive()]))
    assert (written["format"], written["version"]) == ("ollama-chatbot conversations", 1)
    (conversation,) = written["conversations"]
    assert conversation["title"] == "About a cat" and conversation["pinned"]
    assert conversation["parameters"] == {"temperature": 0.5}
    question, seen, other = conversation["messages"]
    assert conversation["head_id"] == seen["id"]
    assert seen["parent_id"] == other["parent_id"] == question["id"]
    assert seen["thinking"] == "Fur.\nTail." and seen["stats"]["output_tokens"] == 3
    assert base64.b64decode(question["attachments"][0]["data"]) == image("PNG")
    assert "owner" not in conversation and "ann" not in str(written)


def test_an_answer_under_way_is_written_as_cut_off() -> None:
    one = make_archive()
    messages = [replace(message, state="writing") for message in one.messages]
    written = orjson.loads(to_json([replace(one, messages=messages)]))
    states = {message["state"] for message in written["conversations"][0]["messages"]}
    assert states == {"interrupted"}


def test_markdown_reads_as_the_page_shows_it() -> None:
    assert to_markdown([make_archive()]) == (
        "# About a cat\n\n1970-01-02\n\n> Be\n> brief.\n\n"
        "## You\n\nAttached: a.png\n\nWhat *is* it?\n\n"
        "## m\n\n> Fur.\n> Tail.\n\nA cat\n\n"
    )


def test_markdown_says_how_an_answer_ended() -> None:
    one = make_archive()
    last = replace(one.messages[1], state="failed", error="No memory.", content="")
    text = to_markdown([replace(one, messages=[one.messages[0], last])])
    assert text.endswith("*Failed: No memory.*\n\n")


def test_several_conversations_stand_in_one_file_below_each_other() -> None:
    text = to_markdown([make_archive(), make_archive("Another")])
    assert text.index("# About a cat") < text.index("\n---\n") < text.index("# Another")
    assert to_markdown([]) == ""
