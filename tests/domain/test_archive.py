"""A file's messages are sorted so that they can be stored."""

from __future__ import annotations

from dataclasses import replace

from chatbot.domain.archive import sort_parents_first
from chatbot.domain.messages import Message, new_message


def _make_message(message_id: str, parent_id: str | None) -> Message:
    return replace(new_message("conversation", parent_id, "user"), id=message_id)


def test_parents_come_before_children_and_siblings_keep_their_order() -> None:
    pairs = [("b", "a"), ("d", "b"), ("c", "a"), ("a", None)]
    ordered = sort_parents_first(_make_message(*pair) for pair in pairs)
    assert [message.id for message in ordered] == ["a", "b", "c", "d"]


def test_messages_without_a_way_up_are_left_out() -> None:
    pairs = [("a", None), ("lost", "gone"), ("x", "y"), ("y", "x")]
    ordered = sort_parents_first(_make_message(*pair) for pair in pairs)
    assert [message.id for message in ordered] == ["a"]
