"""The chat's own files come back as they were."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from chatbot.domain.conversation_settings import Summary
from chatbot.transfer import importing
from tests.support.exports import make_archive, own_export, read_archives, read_refusal, to_json


def test_its_own_json_comes_back_whole() -> None:
    one = make_archive()
    (back,) = importing.read(to_json([one])).archives
    assert back.messages[1].thinking == "Fur.\nTail." and back.files == one.files
    assert [m.content for m in back.messages] == [m.content for m in one.messages]
    for name in ("title", "pinned", "model", "system_prompt", "parameters", "created_at"):
        assert getattr(back.conversation, name) == getattr(one.conversation, name)
    assert back.conversation.head_id == back.messages[1].id
    assert back.conversation.user_id == ""


def test_a_summary_is_read_from_its_place_and_from_where_it_was_before() -> None:
    one = make_archive()
    summary = Summary("A cat.", one.messages[1].id)
    summarized = replace(one, conversation=replace(one.conversation, summary=summary))
    (back,) = importing.read(to_json([summarized])).archives
    assert back.conversation == replace(summarized.conversation, id="", user_id="")
    old = own_export()
    old["conversations"][0]["parameters"]["summary"] = asdict(summary)
    assert read_archives(old)[0].conversation.settings == replace(
        one.conversation.settings, summary=summary
    )


def test_a_file_of_a_later_version_is_refused() -> None:
    assert "has version 2" in read_refusal(json.dumps(own_export() | {"version": 2}).encode())
