"""The answers of the sample pages, told by the prompt: "6 teas", "400 slow teas", "fail"."""

from __future__ import annotations

import time
from collections.abc import Iterator


def words(prompt: str) -> Iterator[str]:
    """As many of the things as the prompt says, four a paragraph; 10 ms apart, or 50 if slow."""
    if prompt == "fail":
        raise RuntimeError("this prompt fails")
    count, *_, thing = prompt.split()
    for number in range(int(count)):
        time.sleep(0.05 if "slow" in prompt else 0.01)
        yield ("\n\n" if number and number % 4 == 0 else "") + f"{thing}{number} "
