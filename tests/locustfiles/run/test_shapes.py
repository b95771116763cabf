"""Each load shape follows its table."""

from __future__ import annotations

import pytest

from locustfiles.run.shapes import SHAPES, Stage, scale_shape, stage_at, users_at

CLASSIC = SHAPES["classic"].stages


@pytest.mark.parametrize(
    ("seconds", "users"),
    [
        *[(0, 0), (30, 5), (60, 10), (100, 10), (180, 10), (210, 5), (240, 0)],
        *[(255, 25), (270, 50), (329, 50), (330, 50), (345, 25), (360, 0), (510, 10)],
        *[(659, 20), (660, None)],
    ],
)
def test_the_classic_shape_follows_its_table(seconds: float, users: int | None) -> None:
    assert users_at(CLASSIC, seconds) == users


@pytest.mark.parametrize(
    ("name", "moments"),
    [
        ("smoke", {0: 2, 29.9: 2, 30: None}),
        ("spike", {0: 2, 29: 2, 32.5: 16, 35: 30, 94: 30, 100: 2, 159: 2, 160: None}),
        ("soak", {0: 0, 150: 5, 300: 10, 1799: 10, 1800: None}),
        ("sweep", {0: 1, 44: 1, 45: 2, 90: 4, 135: 8, 180: 16, 225: 32, 404: 256, 405: None}),
    ],
)
def test_the_other_shapes_follow_theirs(name: str, moments: dict[float, int | None]) -> None:
    assert {at: users_at(SHAPES[name].stages, at) for at in moments} == moments


def test_a_stage_of_no_length_is_a_jump_and_no_moment_lies_in_it() -> None:
    stages = [Stage(0, 4), Stage(10, 4), Stage(0, 8), Stage(10, 8)]
    assert [stage_at(stages, at) for at in (0, 9.9, 10, 19.9, 20)] == [1, 1, 3, 3, None]


def test_a_shape_is_scaled_to_a_peak_and_a_length() -> None:
    classic = scale_shape(SHAPES["classic"], peak=25, seconds=66).stages
    assert [users for _, users in classic] == [5, 5, 0, 25, 25, 0, 10]
    assert [seconds for seconds, _ in classic] == pytest.approx([6, 12, 6, 3, 6, 3, 30])


def test_scaling_leaves_at_least_one_user_where_there_were_some() -> None:
    assert [users for _, users in scale_shape(SHAPES["classic"], peak=1).stages] == [
        1,
        1,
        0,
        1,
        1,
        0,
        1,
    ]


def test_a_search_is_cut_off_above_the_peak_and_its_length_is_that_of_a_step() -> None:
    assert scale_shape(SHAPES["sweep"], peak=4, seconds=9).stages == (
        *(Stage(0, 1), Stage(9, 1), Stage(0, 2), Stage(9, 2)),
        *(Stage(0, 4), Stage(9, 4)),
    )
