"""What the log says of those who are refused: a line a minute for each rule, however many."""

from __future__ import annotations

import logging
import time
from collections import Counter

log = logging.getLogger("chatbot.web.gate")

_LINE_EVERY_S = 60.0

_told_at: dict[str, float] = {}
_counts: Counter[str] = Counter()


def note_refusal(rule: str, peer: str) -> None:
    """Log that a rule has refused a peer: the first time, then once a minute with how many."""
    _counts[rule] += 1
    at = time.monotonic()
    if at - _told_at.get(rule, -_LINE_EVERY_S) < _LINE_EVERY_S:
        return
    log.warning("refused %s: %s (%d since the last such line)", peer, rule, _counts.pop(rule))
    _told_at[rule] = at
