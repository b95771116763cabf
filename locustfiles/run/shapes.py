"""Load shapes: how many users there are at each moment, as tables and one function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


class Stage(NamedTuple):
    """`seconds` from here on, in which the number of users goes in a straight line to `users`."""

    seconds: float
    users: int


@dataclass(frozen=True)
class Shape:
    """A named table of stages. `searches`: it ends early, at the first stage that breaks a goal."""

    what: str
    stages: tuple[Stage, ...]
    searches: bool = False


def _make_steps(seconds: float, *users: int) -> tuple[Stage, ...]:
    """Return each number of users at once, then held for `seconds`."""
    return tuple(stage for n in users for stage in (Stage(0, n), Stage(seconds, n)))


SHAPES = {
    "classic": Shape(
        "a ramp, a spike and a slow climb",
        (
            Stage(60, 10),
            Stage(120, 10),
            Stage(60, 0),
            Stage(30, 50),
            Stage(60, 50),
            Stage(30, 0),
            Stage(300, 20),
        ),
    ),
    "smoke": Shape("two users for half a minute: does it work at all", _make_steps(30, 2)),
    "spike": Shape(
        "few users, then suddenly many, then few again",
        (*_make_steps(30, 2), Stage(5, 30), Stage(60, 30), Stage(5, 2), Stage(60, 2)),
    ),
    "soak": Shape(
        "as many for half an hour: does it leak or slow down", (Stage(300, 10), Stage(1500, 10))
    ),
    "sweep": Shape(
        "twice as many at each step, until a goal breaks",
        _make_steps(45, 1, 2, 4, 8, 16, 32, 64, 128, 256),
        searches=True,
    ),
}


def scale_shape(shape: Shape, peak: int | None = None, seconds: float | None = None) -> Shape:
    """Return the shape with its greatest number of users set to `peak`, its length to `seconds`.

    A search is cut off above `peak`, not stretched; its `seconds` are those of each step.
    """
    stages = shape.stages
    if shape.searches:
        stages = tuple(stage for stage in stages if peak is None or stage.users <= peak)
        stages = tuple(Stage(s and (seconds or s), users) for s, users in stages)
        return replace(shape, stages=stages)
    wide = peak / max(users for _, users in stages) if peak else 1
    long = seconds / sum(s for s, _ in stages) if seconds else 1
    return replace(
        shape, stages=tuple(Stage(s * long, -int(-users * wide // 1)) for s, users in stages)
    )


def stage_at(stages: Sequence[Stage], seconds: float) -> int | None:
    """Return the index of the stage `seconds` after the start; None after the last stage."""
    end = 0.0
    for index, stage in enumerate(stages):
        end += stage.seconds
        if seconds < end:
            return index
    return None


def users_at(stages: Sequence[Stage], seconds: float) -> int | None:
    """Return the number of users `seconds` after the start; None once the last stage has passed."""
    index = stage_at(stages, seconds)
    if index is None:
        return None
    before = stages[index - 1].users if index else 0
    begin = sum(stage.seconds for stage in stages[:index])
    length, users = stages[index]
    return round(before + (users - before) * (seconds - begin) / length)
