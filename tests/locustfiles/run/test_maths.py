"""The arithmetic, against figures worked out by hand."""

from __future__ import annotations

import pytest

from locustfiles.run.maths import (
    compare_samples,
    compare_shares,
    mean,
    percentile,
    share,
    time_per_token,
)


def test_percentiles_are_interpolated_between_neighbours() -> None:
    assert percentile([4, 1, 3, 2], 50) == 2.5
    assert percentile(list(range(1, 22)), 95) == 20
    assert percentile([10, 20], 95) == 19.5
    assert percentile([7], 99) == 7


def test_there_is_no_percentile_mean_or_share_of_nothing() -> None:
    assert percentile([], 95) is None
    assert mean([]) is None
    assert share(0, 0) is None
    assert compare_samples([], [1.0]) is None
    assert compare_shares((0, 0), (1, 2)) is None


def test_time_per_output_token_leaves_the_first_token_out() -> None:
    assert time_per_token(0.2, 1.2, 21) == pytest.approx(0.05)
    assert time_per_token(0.5, 0.75, 2) == pytest.approx(0.25)


@pytest.mark.parametrize(("ttft", "tokens"), [(None, 10), (0.1, 1), (0.1, 0), (0.1, None)])
def test_time_per_output_token_needs_two_tokens(ttft: float | None, tokens: int | None) -> None:
    assert time_per_token(ttft, 1.0, tokens) is None


def test_a_difference_that_is_the_same_in_every_sample_has_no_uncertainty() -> None:
    assert compare_samples([2.0] * 5, [3.0] * 9, 95) == (1.0, 1.0, 1.0)


def test_a_difference_lies_in_its_interval_and_is_clear_when_zero_does_not() -> None:
    before, slower = [i / 100 for i in range(100)], [i / 100 + 2 for i in range(100)]
    clear, same = compare_samples(before, slower, 50), compare_samples(before, before, 50)
    assert clear is not None and same is not None
    assert clear.value == pytest.approx(2)
    assert 1.7 < clear.low < 2 < clear.high < 2.3
    assert clear.is_clear and not same.is_clear
    assert compare_samples(before, slower, 50) == clear  # the seed is fixed


def test_the_interval_of_a_difference_of_means_is_that_of_the_normal_distribution() -> None:
    # Two samples of 100 with variance 1/4: standard error sqrt(2 * 0.25 / 100) = 0.0707.
    found = compare_samples([0.0, 1.0] * 50, [1.0, 2.0] * 50)
    assert found is not None
    assert found.value == 1.0
    assert found.low == pytest.approx(1 - 1.96 * 0.0707, abs=0.015)
    assert found.high == pytest.approx(1 + 1.96 * 0.0707, abs=0.015)


def test_a_difference_of_shares_has_the_interval_of_newcombes_table() -> None:
    # Newcombe 1998, table II, method 10: 56/70 - 48/80 lies in 0.0524 to 0.3339.
    found = compare_shares((48, 80), (56, 70))
    assert found is not None
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=0.0001)
