"""What is broken in a file is named by its line."""

from __future__ import annotations

import json

import pytest

from chatbot.transfer import importing, losses
from tests.support.exports import (
    hollama_export,
    list_losses,
    open_webui_export,
    own_export,
    read_archives,
)


@pytest.mark.parametrize("broken", [None, 5, [], {}, "text", {"chat": 5}, {"messages": []}])
def test_a_broken_conversation_refuses_none_of_the_others(broken: object) -> None:
    for make in (open_webui_export, hollama_export):
        sound = make()
        for document in ([broken, *sound], [*sound, broken]):
            assert [one.conversation.title for one in read_archives(document)] == [
                one.conversation.title for one in read_archives(sound)
            ]
            ((what, title, line),) = [loss for loss in list_losses(document) if not loss[1]]
            assert (what, title) == (losses.CONVERSATION, "")
            lines = json.dumps(document, indent=1).splitlines()
            assert lines[line - 1].strip().startswith(json.dumps(broken)[0])
    ours = own_export()
    ours["conversations"].append(broken)
    assert len(read_archives(ours)) == 2
    assert [what for what, *_ in list_losses(ours)] == [losses.CONVERSATION]


def test_json_lines_are_read_and_broken_ones_named() -> None:
    (line,) = map(json.dumps, open_webui_export())
    reading = importing.read(f"{line}\n\n{line[:99]}\n5\n{line}\n".encode())
    assert [one.conversation.title for one in reading.archives] == ["Animals", "Animals"]
    broken = [(loss.what, loss.line) for loss in reading.losses if loss.line]
    assert broken == [(losses.LINES, 3), (losses.CONVERSATION, 4)]
