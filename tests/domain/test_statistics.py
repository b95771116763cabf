"""The figures of an answer as JSON: what is unknown is left out."""

from __future__ import annotations

from chatbot.domain.statistics import NO_STATISTICS, Statistics


def test_what_is_known_comes_back() -> None:
    statistics = Statistics(input_tokens=7, eval_s=0.5, is_cut=True)
    assert statistics.to_json() == {"input_tokens": 7, "eval_s": 0.5, "is_cut": True}
    assert Statistics.from_json(statistics.to_json()) == statistics


def test_nothing_known_is_nothing() -> None:
    assert NO_STATISTICS.to_json() is None
    assert Statistics.from_json(None) == Statistics.from_json({}) == NO_STATISTICS


def test_what_has_no_place_here_is_left_out() -> None:
    assert Statistics.from_json({"of a later version": 1, "eval_s": None}) == NO_STATISTICS
