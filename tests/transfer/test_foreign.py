"""Parts, thinking and times as other programs write them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.exports import (
    PNG,
    answer_node,
    list_visible,
    prompt_node,
    read_chat,
)

URL = f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": URL}},
        {"type": "input_image", "image_url": URL},
        {"type": "image", "source": {"type": "base64", "data": PNG}},
        {"type": "image", "url": URL},
    ],
)
def test_text_and_images_of_parts_are_taken(part: dict[str, Any]) -> None:
    one = read_chat("q", q=prompt_node(None, [{"type": "text", "text": "What"}, "is it?", part]))
    assert list_visible(one) == ["What\nis it?"]
    assert [file.media_type for file in one.files["q"]] == ["image/png"]


@pytest.mark.parametrize(
    ("content", "thinking", "text"),
    [
        ("<think>Hm.</think>\n\nYes.", "Hm.", "Yes."),
        ("<thinking>\nHm.\n</thinking>Yes.", "Hm.", "Yes."),
        ("Hm.\n</think>\n\nYes.", "Hm.", "Yes."),
        ("<think>Hm.", "Hm.", ""),
        ("Say <think> to think.", "", "Say <think> to think."),
        ("The end is `</think>` here.", "", "The end is `</think>` here."),
        ('<details type="reasoning" done="false">\n<summary>Thinking…</summary>\n&gt; Hm.',
         "Hm.", ""),
        ('<details type="tool_calls" result="&quot;sun&quot;">\n<summary>Done</summary>\n</details>'
         "\nYes.", "", "Yes."),
        ('A:\n<details type="code_interpreter" done="true">\n<summary>Analyzed</summary>\n'
         "```python\n1\n```\n</details>\nYes.", "", "A:\n```python\n1\n```\nYes."),
        ("<details><summary>More</summary>Mine</details>", "",
         "<details><summary>More</summary>Mine</details>"),
    ],
)  # fmt: skip
def test_tags_of_programs_are_taken_out_of_answers(content: str, thinking: str, text: str) -> None:
    one = read_chat("a", q=prompt_node(None), a=answer_node("q", content))
    assert (one.messages[1].thinking, one.messages[1].content) == (thinking, text)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [(1.7e9, 1.7e9), (1.7e12, 1.7e9), (1.7e18, 1.7e9), ("2023-11-14T22:13:20+00:00", 1.7e9)],
)
def test_times_come_in_several_units(at: object, seconds: float) -> None:
    assert read_chat("q", q=prompt_node(None, timestamp=at)).messages[0].created_at == seconds


def test_a_message_without_a_time_has_that_of_the_one_before() -> None:
    one = read_chat("a", q=prompt_node(None, timestamp=5), a=answer_node("q", timestamp="soon"))
    assert one.messages[1].created_at == 5
