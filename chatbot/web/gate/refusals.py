"""What the log says of those who are refused: a line a minute for each rule, however many."""

from __future__ import annotations

import logging
import time
from collections import Counter

log = logging.getLogger("chatbot.web.gate")

_LINE_EVERY_S = 60.0
_LONGEST_TRIED = 200  # characters

_told_at: dict[str, float] = {}
_counts: Counter[str] = Counter()


def note_refusal(rule: str, peer: str, tried: str = "") -> None:
    """Log that a rule has refused a peer: the first time, then once a minute with how many.

    `tried` is what the peer has sent, which the log has without its control characters.
    """
    _counts[rule] += 1
    at = time.monotonic()
    if at - _told_at.get(rule, -_LINE_EVERY_S) < _LINE_EVERY_S:
        return
    what = f"{rule} {tried[:_LONGEST_TRIED]!r}" if tried else rule
    log.warning("refused %s: %s (%d since the last such line)", peer, what, _counts.pop(rule))
    _told_at[rule] = at
