"""What Open WebUI exports is read as the tree that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbot.domain.parameters import Parameters
from tests.support.exports import (
    answer_node,
    list_visible,
    open_webui_export,
    prompt_node,
    read_archives,
    read_chat,
)


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: [d[0]["chat"]], lambda d: d[0]])
def test_open_webui_comes_as_a_tree(wrap: Callable[[Any], Any]) -> None:
    (one,) = read_archives(wrap(open_webui_export()))
    question, first, second = one.messages
    assert one.conversation.title == "Animals" and one.conversation.model == "qwen3"
    assert one.conversation.system_prompt == "Be brief."
    assert one.conversation.parameters == Parameters(temperature=0.5, stop=("END",))
    assert first.parent_id == second.parent_id == question.id
    assert one.conversation.head_id == second.id
    assert (second.thinking, second.content) == ("Fur & tail.\nSo:", "A cat")
    assert question.created_at == 1700000000 and second.created_at == 1700000002
    image, text = one.files[question.id]
    assert image.media_type == "image/png" and image.name == "image-1.png"
    assert (text.name, text.data) == ("n.txt", b"Text")


def test_what_belongs_to_the_list_of_open_webui_is_taken_too() -> None:
    (one,) = read_archives(open_webui_export())
    assert one.conversation.pinned and one.conversation.updated_at == 1700000009


def test_an_answer_of_open_webui_that_failed_is_a_failed_one() -> None:
    document = open_webui_export()
    document[0]["chat"]["history"]["messages"]["b"] |= {"content": "", "error": {"content": "No."}}
    (one,) = read_archives(document)
    assert (one.messages[2].state, one.messages[2].error) == ("failed", "No.")


def test_a_node_that_only_repeats_an_answer_stands_for_it() -> None:
    late = {"content": "A", "model": "m", "followUps": ["And?"]}
    one = read_chat("f", q=prompt_node(None), a=answer_node("q"), b=answer_node("q", "B"), f=late)
    assert list_visible(one) == ["Q", "A"] and len(one.messages) == 3


def test_an_answer_of_which_only_the_text_is_left_belongs_to_the_prompt_without_one() -> None:
    one = read_chat("f", q=prompt_node(None), f={"content": "Late.", "model": "m", "done": True})
    assert list_visible(one) == ["Q", "Late."]
    listed = read_chat(
        "f",
        q=prompt_node(None, childrenIds=["f"]),
        r=prompt_node(None, "R"),
        f={"content": "Late."},
    )
    assert list_visible(listed) == ["Q", "Late."]


def test_output_has_thinking_calls_of_tools_and_text() -> None:
    output = [
        {"type": "reasoning", "summary": [], "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "output": [{"type": "input_text", "text": "sun"}]},
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": "It is sunny."}]},
    ]  # fmt: skip
    one = read_chat("a", q=prompt_node(None), a=answer_node("q", "", output=output))
    assert (one.messages[1].thinking, one.messages[1].content) == ("Hm.", "It is sunny.")


def test_an_old_chat_has_a_list_of_messages() -> None:
    messages = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    (one,) = read_archives([{"chat": {"title": "Old", "messages": messages}}])
    assert list_visible(one) == ["Q", "A"]


def test_other_names_of_settings_are_known() -> None:
    document = open_webui_export()
    document[0]["chat"]["params"] = {"max_tokens": 99, "stop": "A,B", "reasoning_effort": "low"}
    (one,) = read_archives(document)
    known = Parameters(num_predict=99, stop=("A", "B"), think="low")
    assert one.conversation.parameters == known
