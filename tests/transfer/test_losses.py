"""What is left out of a conversation is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbot.transfer import losses
from tests.support.exports import (
    hollama_export,
    list_losses,
    open_webui_export,
    own_export,
    read_archives,
)

Change = Callable[[Any], object]


def ours(change: Change) -> Change:
    """A change to the first conversation of our own file."""
    return lambda document: change(document["conversations"][0])


def nodes(change: Change) -> Change:
    """A change to the messages of Open WebUI's file."""
    return lambda document: change(document[0]["chat"]["history"]["messages"])


@pytest.mark.parametrize(
    ("make", "change", "what"),
    [
        (own_export, ours(lambda c: c["messages"][2].update(role="robot")), losses.MESSAGES),
        (own_export, ours(lambda c: c["messages"].append(5)), losses.MESSAGES),
        (own_export, ours(lambda c: c["messages"][1].update(content=None)), losses.MESSAGES),
        (own_export, ours(lambda c: c["messages"][0]["attachments"][0].update(data="?")),
         losses.BAD_FILES),
        (own_export, ours(lambda c: c["messages"][0]["attachments"][0].update(data="/w==")),
         losses.BAD_FILES),
        (own_export, ours(lambda c: c["parameters"].update(temperature=9)), losses.SETTINGS),
        (open_webui_export, nodes(lambda m: m["b"].update(role="robot")), losses.MESSAGES),
        (open_webui_export, nodes(lambda m: m.update(c=[])), losses.MESSAGES),
        (open_webui_export, nodes(lambda m: m["a"].update(content=[{"type": "video"}])),
         losses.PARTS),
        (open_webui_export, nodes(lambda m: m["b"].update(role="tool")), losses.TOOLS),
        (open_webui_export,
         nodes(lambda m: m["q"]["files"][0].update(url="data:image/gif;base64,R0lG")),
         losses.BAD_FILES),
        (hollama_export, lambda d: d[0]["messages"].append({"content": "?"}), losses.MESSAGES),
        (hollama_export, lambda d: d[0]["messages"][1]["images"].append("?"), losses.NAMED_FILES),
        (hollama_export, lambda d: d[0]["options"].update(mirostat=1), losses.SETTINGS),
    ],
)  # fmt: skip
def test_what_is_damaged_in_a_conversation_is_left_out_and_named(
    make: Callable[[], Any], change: Change, what: str
) -> None:
    document = make()
    before = read_archives(document)
    change(document)
    after = read_archives(document)
    assert len(after) == len(before) and after[0].messages
    assert (what, before[0].conversation.title, 0) in list_losses(document)


def test_a_broken_conversation_is_named_by_its_title() -> None:
    document = [*open_webui_export(), {"title": "Gone", "chat": {"history": {"messages": {}}}}]
    assert (losses.CONVERSATION, "Gone", 0) in list_losses(document)
