"""The one place where all records of a run come together, from however many processes."""

from __future__ import annotations

import bisect
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from locustfiles.run.records import Record, to_line


class Moment(NamedTuple):
    """From `at` (seconds since the epoch) on: a stage of the shape and its number of users."""

    at: float
    stage: int
    users: int


class Ledger:
    """Writes records.ndjson in `folder` and keeps the records, in the order of their ends.

    `sent` counts by kind what was sent, whether or not a record of it ever came.
    """

    def __init__(self, folder: Path) -> None:
        self.sent: Counter[str] = Counter()
        self.records: list[Record] = []
        self.moments: list[Moment] = []
        self.late_s = 0.0
        self._cpu_s: dict[str, tuple[float, float]] = {}
        self._file = (folder / "records.ndjson").open("ab")

    @property
    def cpu_s(self) -> float:
        """CPU time of all processes that make the load, since their first report."""
        return sum(last - first for first, last in self._cpu_s.values())

    def note(self, moment: Moment) -> None:
        """Take down the state of the shape, if it has changed."""
        if not self.moments or self.moments[-1][1:] != moment[1:]:
            self.moments.append(moment)

    def take(self, report: dict[str, Any], process: str = "") -> None:
        """Keep what an outbox says."""
        self.sent.update(report["sent"])
        first, _ = self._cpu_s.get(process, (report["cpu_s"], 0))
        self._cpu_s[process] = first, report["cpu_s"]
        self.late_s = max(self.late_s, report["late_s"])
        for entry in report["records"]:
            record = Record(**entry)
            self._set_stage(record)
            self.records.append(record)
            self._file.write(to_line(record))
        self._file.flush()

    def close(self) -> None:
        """Nothing more will come."""
        self._file.close()

    def _set_stage(self, record: Record) -> None:
        index = bisect.bisect_right(self.moments, record.at, key=lambda moment: moment.at)
        if index:
            _, record.stage, record.users = self.moments[index - 1]
