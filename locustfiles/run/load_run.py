"""One run of a load test, on the process that keeps its records: the shape, the drain, the end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from locustfiles.run.goals import ENOUGH, Goals, check_goals, measure_goals
from locustfiles.run.ledger import Ledger, Moment
from locustfiles.run.maths import percentile
from locustfiles.run.records import Record
from locustfiles.run.shapes import Shape, stage_at, users_at

_PROGRESS_S = 10


@dataclass
class Setup:
    """What a run was asked to do, and on what; kept as run.json beside its records.

    `sent` counts by kind; `moments` are the stages as they were; `lag_s` is how late the load
    generator ran at worst and `cpu_cores` what it used of the CPU.
    """

    host: str
    model: str
    shape: str
    stages: list[list[float]]
    drain_s: float
    seed: int
    think_s: float
    users: list[str]
    goals: dict[str, float | None]
    machine: str
    versions: dict[str, str]
    command: str
    started: float = 0.0
    ended: float = 0.0
    gave_up: str = ""
    sent: dict[str, int] = field(default_factory=dict)
    moments: list[list[float]] = field(default_factory=list)
    lag_s: float = 0.0
    cpu_cores: float = 0.0

    def save(self, folder: Path) -> None:
        """Write run.json."""
        (folder / "run.json").write_bytes(orjson.dumps(self, option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, folder: Path) -> Setup:
        """Read run.json."""
        return cls(**orjson.loads((folder / "run.json").read_bytes()))


class Run:
    """Takes in records, says how many users there have to be, and ends in a drain.

    `abort`: drain as soon as a goal is broken over enough answers.
    """

    def __init__(self, setup: Setup, shape: Shape, abort: bool, reports: Path) -> None:
        self.setup, self.shape, self.abort = setup, shape, abort
        self.goals = Goals(**setup.goals)
        setup.started = time.time()
        self.folder = _new_folder(reports)
        self.ledger = Ledger(self.folder)
        self._draining: float | None = None
        self._stage: int | None = None
        self._told = 0.0
        setup.save(self.folder)

    def users(self, running: int, margin: float) -> int | None:
        """Return how many users there have to be now; None: the run is over.

        The drain has no users and lasts until none is `running`, and `margin` seconds more, or
        until it has lasted as long as it may.
        """
        seconds = time.time() - self.setup.started
        stage = stage_at(self.shape.stages, seconds)
        if self._draining is None and (stage is None or self._gives_up(stage)):
            self._draining = seconds
        if self._draining is not None:
            drained = seconds - self._draining
            self._note_progress(len(self.shape.stages), 0, seconds, running)
            if drained >= self.setup.drain_s or (not running and drained >= margin):
                return None
            return 0
        assert stage is not None
        users = users_at(self.shape.stages, seconds) or 0
        self._note_progress(stage, users, seconds, running)
        return users

    def finish(self) -> None:
        """Close the ledger and complete run.json."""
        setup, ledger = self.setup, self.ledger
        ledger.close()
        setup.ended = time.time()
        setup.sent, setup.moments = dict(ledger.sent), [list(m) for m in ledger.moments]
        setup.lag_s = ledger.late_s
        setup.cpu_cores = ledger.cpu_s / (setup.ended - setup.started)
        setup.save(self.folder)

    def _gives_up(self, stage: int) -> bool:
        """Return whether a goal is broken: over a past stage, or over all if that aborts."""
        begun, self._stage = self._stage, stage
        if self.shape.searches:
            past = {r.stage for r in self.ledger.records} | {begun}
            for past_stage in sorted(s for s in past if s is not None and s < stage):
                if self._list_broken([r for r in self.ledger.records if r.stage == past_stage]):
                    users = self.shape.stages[past_stage].users
                    self.setup.gave_up = f"{users} users broke a goal"
                    return True
        enough = self.abort and len(self.ledger.records) >= ENOUGH
        if enough and (broken := self._list_broken(self.ledger.records)):
            self.setup.gave_up = f"goals broken: {', '.join(broken)}"
            return True
        return False

    def _list_broken(self, records: list[Record]) -> list[str]:
        checks = check_goals(measure_goals(records, 0, self.goals), self.goals)
        return [past_stage.goal for past_stage in checks if past_stage.held is False]

    def _note_progress(self, stage: int, users: int, seconds: float, running: int) -> None:
        self.ledger.note(Moment(time.time(), stage, users))
        if seconds - self._told >= _PROGRESS_S:
            self._told = seconds
            self._print_progress(stage, seconds, running)

    def _print_progress(self, stage: int, seconds: float, running: int) -> None:
        answers = [r for r in self.ledger.records if r.kind != "page"]
        recent = [r.ttft_s for r in answers if r.ttft_s and r.at > time.time() - 3 * _PROGRESS_S]
        failed = sum(r.outcome == "failed" for r in answers)
        last = len(self.shape.stages)
        p95 = percentile(recent, 95)
        where = "drain" if stage == last else f"stage {stage + 1}/{last}"
        ttft = "" if p95 is None else f", TTFT p95 {p95:.2f} s"
        print(
            f"{seconds:5.0f} s  {where}: {running} users, {len(answers)} answers{ttft}, "
            f"{failed} failed",
            flush=True,
        )


def _new_folder(reports: Path) -> Path:
    folder = reports / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    while folder.exists():
        folder = folder.with_name(folder.name + "x")
    folder.mkdir(parents=True)
    return folder
