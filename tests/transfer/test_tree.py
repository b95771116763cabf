"""Damaged trees of messages are mended: every message keeps a place."""

from __future__ import annotations

import pytest

from tests.support.exports import (
    answer_node,
    list_visible,
    node,
    prompt_node,
    read_chat,
)


@pytest.mark.parametrize("head", ["gone", None, ""])
def test_a_lost_end_is_the_newest_one(head: str | None) -> None:
    one = read_chat(
        head,
        q=prompt_node(None, timestamp=1),
        b=answer_node("q", "New", timestamp=3),
        a=answer_node("q", "Old", timestamp=2),
    )
    assert list_visible(one) == ["Q", "New"]


def test_a_lost_parent_is_what_was_said_before() -> None:
    one = read_chat(
        "b", q=prompt_node(None, timestamp=1), a=answer_node("q", timestamp=2),
        r=prompt_node("gone", "R", timestamp=3), b=answer_node("r", "B", timestamp=4),
    )  # fmt: skip
    assert list_visible(one) == ["Q", "A", "R", "B"]


def test_an_answer_whose_prompt_is_lost_has_an_empty_one() -> None:
    one = read_chat("b", q=prompt_node(None), a=answer_node("q"), b=answer_node("gone", "B"))
    assert list_visible(one) == ["Q", "A", "", "B"]
    assert list_visible(read_chat("b", b=answer_node(None, "B"))) == ["", "B"]
    damaged = read_chat(
        "b",
        q=prompt_node(None),
        a=answer_node("q"),
        r=node("?", "a", 5),
        b=answer_node("r", "B"),
    )
    assert list_visible(damaged) == ["Q", "A", "", "B"]


def test_a_circle_is_cut_where_it_began() -> None:
    one = read_chat(
        "b",
        q=prompt_node("b", timestamp=1),
        a=answer_node("q", timestamp=2),
        r=prompt_node("a", "R", timestamp=3),
        b=answer_node("r", "B", timestamp=4),
    )
    assert list_visible(one) == ["Q", "A", "R", "B"]
    assert list_visible(read_chat("q", q=prompt_node("q"))) == ["Q"]


def test_steps_of_an_answer_with_tools_are_one_answer() -> None:
    one = read_chat(
        "b",
        s=node("system", None, "Be brief."),
        q=prompt_node("s"),
        a=answer_node("q", "Let me look."),
        t=node("tool", "a", "sunny"),
        b=answer_node("t", "Sunny."),
    )
    assert list_visible(one) == ["Q", "Let me look.\n\nSunny."]
    assert one.conversation.system_prompt == "Be brief."


def test_versions_stay_versions_below_an_answer() -> None:
    one = read_chat(
        "c",
        q=prompt_node(None),
        a=answer_node("q"),
        b=answer_node("a", "B"),
        c=answer_node("a", "C"),
    )
    assert list_visible(one) == ["Q", "A", "", "C"]
    assert {m.content for m in one.messages} == {"Q", "A", "", "B", "C"}
