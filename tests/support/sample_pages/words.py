"""The answers of the sample chat: told by the prompt ("6 teas", "400 slow teas"), and by the clock.

An answer begins when it is asked for and goes on by itself, whoever reads it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_WORD_S, _SLOW_WORD_S = 0.01, 0.05


@dataclass
class Exchange:
    """A prompt and its answer; four words a paragraph, 10 ms apart, or 50 if the prompt is slow."""

    id: str
    prompt: str
    begun: float = field(default_factory=time.monotonic)
    stopped: float | None = None
    is_cut: bool = False  # the connection of its first reader was cut

    @property
    def text(self) -> str:
        """What has been written so far."""
        pause_s = _SLOW_WORD_S if "slow" in self.prompt else _WORD_S
        lasted = (self.stopped or time.monotonic()) - self.begun
        count, *_, thing = self.prompt.split()
        written = range(min(int(count), int(lasted / pause_s)))
        return "".join(("\n\n" if n and n % 4 == 0 else "") + f"{thing}{n} " for n in written)

    @property
    def state(self) -> str:
        """How the answer stands."""
        if self.stopped is not None:
            return "stopped"
        return "done" if len(self.text.split()) == int(self.prompt.split()[0]) else "writing"
