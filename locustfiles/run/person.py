"""What one virtual user does next: drawn from a seed, so that two runs send the same."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

PROMPTS = Path(__file__).parents[1] / "prompts.jsonl"
WORDS_PER_SECOND = 4.0  # silent reading of English: 238 a minute (Brysbaert 2019)
STOPS, LEAVES = 0.04, 0.04  # of all prompts
MOST_EXCHANGES = 6  # of a conversation, at most


@dataclass(frozen=True)
class Prompt:
    """A prompt with its name: its label and its number under that label."""

    name: str
    text: str


@dataclass(frozen=True)
class PlannedExchange:
    """One prompt and what becomes of its answer.

    `then`: it is read, or stopped or left `after_s` seconds after its first text. `thinks_s`: the
    pause before the next prompt, without the reading. `opens`: it begins a new conversation.
    """

    prompt: Prompt
    opens: bool
    then: Literal["read", "stop", "leave"]
    after_s: float
    thinks_s: float


@cache
def read_prompts(file: Path = PROMPTS) -> tuple[Prompt, ...]:
    """Return the prompts of a file with lines of {"label": …, "prompt": …}."""
    counts: dict[str, int] = {}
    prompts = []
    for line in file.read_text().splitlines():
        entry = json.loads(line)
        label = entry["label"]
        counts[label] = counts.get(label, 0) + 1
        prompts.append(Prompt(f"{label}-{counts[label]}", entry["prompt"]))
    return tuple(prompts)


class Person:
    """User `name` of a run with `seed`; thinks for `think_s` seconds on average."""

    def __init__(self, name: str, seed: int, think_s: float, choices: Sequence[Prompt]) -> None:
        self.name = name
        self._dice = random.Random(f"{seed}/{name}")
        self._think_s = think_s
        self._choices = choices
        self._left = 0

    def plan_exchange(self) -> PlannedExchange:
        """Return the next exchange. How the answers come changes nothing of it."""
        dice = self._dice
        opens = self._left == 0
        self._left = (dice.randint(1, MOST_EXCHANGES) if opens else self._left) - 1
        prompt, ending = dice.choice(self._choices), dice.random()
        then: Literal["read", "stop", "leave"] = "read"
        if ending < STOPS + LEAVES:
            then = "stop" if ending < STOPS else "leave"
        return PlannedExchange(
            prompt, opens, then, dice.uniform(0, 2), self._think_s * dice.uniform(0.5, 1.5)
        )


def reading_seconds(text: str, since_first_text: float) -> float:
    """Return the seconds that a reader who began at the first text needs after the last one."""
    return max(0.0, len(text.split()) / WORDS_PER_SECOND - since_first_text)
