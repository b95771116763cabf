"""Fences of code and formulas open, close, and hold each other."""

from __future__ import annotations

import pytest

from chatbot.domain.fences import fence_after


@pytest.mark.parametrize(
    ("line", "fence", "after"),
    [
        ("text", "", ""),
        ("```python", "", "```"),
        ("   ~~~~", "", "~~~~"),
        ("    ```", "", ""),  # indented code
        ("```", "```", ""),
        ("`````", "```", ""),
        ("```", "````", "````"),
        ("```python", "```", "```"),
        ("~~~", "```", "```"),
        ("$$", "", "$$"),
        ("$$", "$$", ""),
        ("$$ x $$", "", ""),
        ("$$", "```", "```"),
        ("```", "$$", "$$"),
    ],
)
def test_the_fence_that_is_open_after_a_line(line: str, fence: str, after: str) -> None:
    assert fence_after(line, fence) == after
