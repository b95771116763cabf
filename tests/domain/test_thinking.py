"""Thinking in tags is told from text, however a stream is cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.thinking import Splitter, split


def _streamed(pieces: Iterable[str]) -> tuple[str, str]:
    """The thinking and the text after the last of the pieces."""
    splitter, thinking, text = Splitter(), "", ""
    for part in [*map(splitter.add, pieces), splitter.end()]:
        thinking += part.thinking
        text = part.text if part.moves else text + part.text
    return thinking.strip(), text


THINKING = [
    ("<think>\nFirst 2, then `a < b`.\n</think>\n\nIt is **5**.", "First 2, then `a < b`."),
    ("<thinking>One.</thinking>It is **5**.", "One."),
    ("\n<reasoning> One. </reasoning>\nIt is **5**.", "One."),
    ("<Thought>One.</thought>It is **5**.", "One."),
    ("[THINK]One.[/THINK]It is **5**.", "One."),
    ("◁think▷One.◁/think▷It is **5**.", "One."),
    ("<|channel>thought\nOne.<channel|>It is **5**.", "One."),
    (
        "<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>final<|message|>"
        "It is **5**.",
        "One.",
    ),
    ("<|channel|>analysis<|message|>One.<|channel|>final<|message|>It is **5**.", "One."),
    ("<|channel|>final<|message|>It is **5**.", ""),
    ("<think>\n\n</think>\n\nIt is **5**.", ""),
    ("<think>One.</think>\n<think>Two.</think>\nIt is **5**.", "One.\n\nTwo."),
    ("<think>One.\n</think>\n</think>\n\nIt is **5**.", "One."),
    ("<think>Say `</think>` or '</think>' at the end.</think>It is **5**.",
     "Say `</think>` or '</think>' at the end."),
    ("One.\n\nTwo.\n</think>\n\nIt is **5**.", "One.\n\nTwo."),
    ("One.\nTwo.</think>\nIt is **5**.", "One.\nTwo."),
    ("One. Two. </think>  \r\nIt is **5**.", "One. Two."),
    ("A `</think>` and:\n```\n</think>\n```\nTwo.\n</think>\nIt is **5**.",
     "A `</think>` and:\n```\n</think>\n```\nTwo."),
    ("</think>\n\nIt is **5**.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "thinking"), THINKING)
def test_tags_part_thinking_from_the_answer(answer: str, thinking: str) -> None:
    assert split(answer) == (thinking, "It is **5**.")
    assert _streamed(answer) == (thinking, "It is **5**.")


@pytest.mark.parametrize("end", ["", "\n", "<", "</thi", "`</think>` would end it"])
def test_thinking_that_has_no_end_is_thinking(end: str) -> None:
    assert _streamed(f"<think>Step 1. {end}") == (f"Step 1. {end}".strip(), "")


def test_thinking_that_ends_with_the_answer_has_no_text() -> None:
    assert _streamed("Step 1.\nStep 2.</think>") == ("Step 1.\nStep 2.", "")


TEXT = [
    "",
    " \n",
    "Good day.",
    "<",
    "<thi",
    "<div>Good day.</div>",
    "  indented\n\ntext",
    "The tag <think> begins it and </think> ends it.",
    "It is written `</think>`\nand so on.",
    "It ends with </think>\nand so on.",
    "```html\n<think>\nOne.\n</think>\n```\nSo it is.",
    "```\n</think>\n```",
    "It looks so:\n\n<think>\nOne.\n</think>\nTwo.",
    "- <think>\n- </think>\n",
    "> </think>\n",
    "a <b> c </b>\n" * 20,
]


@pytest.mark.parametrize("answer", TEXT)
def test_tags_in_code_and_prose_are_text(answer: str) -> None:
    assert split(answer) == ("", answer)
    assert _streamed(answer) == ("", answer)


_WORDS = ["<think>", "</think>", "<thinking>", "</thinking>", "[THINK]", "<|end|>", "<|channel|>",
          "<|channel|>analysis<|message|>", "final", "<|message|>", "a", ".", "`", "```", "~~~",
          "\n", " ", "<", "</", '"', "é", "◁think▷", "</thi"]  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), max_size=30).map("".join), st.data())
def test_how_an_answer_is_cut_into_pieces_makes_no_difference(
    answer: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(answer)), max_size=8)))
    bounds = [0, *cuts, len(answer)]
    pieces = [answer[a:b] for a, b in pairwise(bounds)]
    assert _streamed(pieces) == _streamed([answer]) == _streamed(answer) == split(answer)


@given(st.text(st.characters(exclude_characters="<[◁")))  # with which each tag begins
def test_an_answer_without_a_tag_is_handed_on_as_it_came(answer: str) -> None:
    splitter = Splitter()
    parts = [*map(splitter.add, answer), splitter.end()]
    assert "".join(part.text for part in parts) == answer
    assert not any(part.thinking or part.moves for part in parts)
