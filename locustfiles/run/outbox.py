"""What the users of one process have to report, on its way to the process that keeps it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import Any, NoReturn

from locustfiles.run.records import Kind, Record

_PULSE_S = 0.1


class Outbox:
    """Counts what is sent when it is sent and keeps each record from its end to `take`.

    Also keeps how late this process ran at worst: its times are wrong by as much.
    """

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()
        self._records: list[Record] = []
        self._late_s = 0.0

    def begin(self, kind: Kind) -> None:
        """Count something that is being sent."""
        self._sent[kind] += 1

    def end(self, record: Record) -> None:
        """Keep the record of what has ended, one way or the other."""
        self._records.append(record)

    def take(self) -> dict[str, Any]:
        """Return all since the last call, as a message between processes can carry it."""
        sent, records, late = self._sent, self._records, self._late_s
        self._sent, self._records, self._late_s = Counter(), [], 0.0
        return {
            "sent": dict(sent),
            "records": [asdict(record) for record in records],
            "cpu_s": time.process_time(),
            "late_s": late,
        }

    def watch(self) -> NoReturn:
        """Measure for ever how much later than due this process does things."""
        while True:
            due = time.perf_counter() + _PULSE_S
            time.sleep(_PULSE_S)
            self._late_s = max(self._late_s, time.perf_counter() - due)


outbox = Outbox()
