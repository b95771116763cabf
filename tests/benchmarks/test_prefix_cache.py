"""What reading took tells which turns came to an Ollama that knew their conversation."""

from __future__ import annotations

import pytest

from benchmarks.lib.prefix_cache import share_of_known
from tests.support.cluster_visitors import Told


def _answer(turn: int, input_tokens: int, read_s: float) -> Told:
    return Told(0, 0.0, read_s, read_s, turn, input_tokens, 30, read_s)


@pytest.mark.parametrize(("seconds", "share"), [((0.5, 0.6), 1), ((0.5, 2.4), 0.5), ((2, 2), 0)])
def test_a_turn_was_known_if_less_than_half_of_it_was_read(
    seconds: tuple[float, float], share: float
) -> None:
    first = [_answer(1, 40, 0.4)]  # 10 ms a token
    later = [_answer(turn, 240, read_s) for turn, read_s in zip((2, 3), seconds, strict=True)]
    assert share_of_known(later, first + later) == share


def test_without_a_later_turn_nothing_was_known() -> None:
    first = [_answer(1, 40, 0.4)]
    assert share_of_known(first, first) == 0
