"""No damage to one conversation of a file keeps another one out, or ends in anything but words."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.history import History
from chatbot.transfer import importing
from tests.support.exports import hollama_export, open_webui_export, own_export

Place = tuple[Any, Any]  # an object or a list, and a key or an index in it

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300)
    | st.sampled_from(["", "q", "a", "b", "user", "assistant", "system", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "text", "id", "role"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any) -> Iterator[Place]:
    """All elements within a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(parts):
        yield value, key
        if isinstance(part, dict | list):
            yield from places(part)


def of_programs() -> list[Any]:
    return [*open_webui_export(), *hollama_export()]


def of_ours() -> Any:
    return own_export()["conversations"][:1]


@pytest.mark.parametrize("make", [of_programs, of_ours])
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_sound_conversation_comes_in_beside_any_damage(
    make: Callable[[], list[Any]], history: History, data: st.DataObject
) -> None:
    damaged = make()
    for _ in range(data.draw(st.integers(1, 3))):
        value, key = data.draw(st.sampled_from([*places(damaged)]))
        if data.draw(st.booleans()):
            del value[key]
        else:
            value[key] = copy.deepcopy(data.draw(ANYTHING))
        if not damaged:
            break
    sound = make()
    written: Any = [*damaged, *sound]
    if make is of_ours:
        written = own_export() | {"conversations": written}
    reading = importing.read(json_of(written))
    titles = [one.conversation.title for one in reading.archives]
    assert titles[-len(sound) :] == [
        one.conversation.title for one in importing.read(json_of(wrap(make, sound))).archives
    ]
    for archive in reading.archives:
        ids = {message.id for message in archive.messages}
        assert archive.conversation.head_id in ids and archive.files.keys() <= ids
        assert len(ids) == len(archive.messages)
    user_id = secrets.token_hex(8)
    history.import_archives(user_id, reading.archives)
    assert len(history.export_archives(user_id)) == len(titles)


def wrap(make: Callable[[], list[Any]], conversations: list[Any]) -> Any:
    return own_export() | {"conversations": conversations} if make is of_ours else conversations


def json_of(document: Any) -> bytes:
    return json.dumps(document).encode()
