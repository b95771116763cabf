"""Which turns of a conversation came to an Ollama that knew it, told from what reading took."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.support.cluster_visitors import Told


def later_turns(answers: Sequence[Told]) -> list[Told]:
    """Return the answers to all prompts but the first ones of their conversations."""
    return [answer for answer in answers if answer.turn > 1]


def share_of_known(answers: Sequence[Told], all_answers: Sequence[Told]) -> float:
    """Return the share of the later turns of which only the new part was read.

    Ollama counts all tokens of a prompt, known or not. So time tells: the first prompts of
    `all_answers` say what a token takes, and a later one was known if it took less than half of
    what all of it would take.
    """
    first = [answer for answer in all_answers if answer.turn == 1 and answer.input_tokens]
    later = [answer for answer in later_turns(answers) if answer.input_tokens]
    if not first or not later:
        return 0.0
    token_s = statistics.median(answer.read_s / answer.input_tokens for answer in first)
    known = [answer for answer in later if answer.read_s < answer.input_tokens * token_s / 2]
    return len(known) / len(later)
