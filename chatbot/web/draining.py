"""How a process ends where others go on: its pages move to them, its answers are written first.

A page whose WebSocket ends opens another one by itself, which no Service leads to a process that is
about to end. What still comes here is answered, as long as DRAIN_TIMEOUT allows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chatbot.page.state import STATE_KEY, PageState
from chatbot.services import Services
from chatbot.web.streamlit_internals import OpenTab, list_tabs

log = logging.getLogger("chatbot.web.draining")

_LOOK_S = 0.1
_SHOW_END_S = 1.0  # for a page to show the end of an answer
_LEAVE_S = 1.0  # for a page to say that it goes


async def drain(services: Services, end_idle_requests: Callable[[], None]) -> None:
    """Have the pages move, the busy ones after their answers; cut what takes too long.

    `end_idle_requests` ends the connections on which nothing is asked, for the next request to find
    another process.
    """
    generations = services.generations
    generations.draining = True
    log.info("draining: %d answers under way", len(generations.running))
    until = time.monotonic() + services.settings.drain_timeout
    moving = _Moving(services)
    while moving.ask_idle_tabs() or generations.running:
        if time.monotonic() > until:
            break
        end_idle_requests()
        await asyncio.sleep(_LOOK_S)
    if await generations.close():
        await asyncio.sleep(_SHOW_END_S)


@dataclass
class _Moving:
    """The tabs that are asked to move, each once: where there is nobody else they come back here.

    Times are `time.monotonic()` in seconds.
    """

    services: Services
    _ids: set[str] = field(default_factory=lambda: {tab.id for tab in list_tabs(STATE_KEY)})
    _busy_at: dict[str, float] = field(default_factory=dict)
    _asked_at: dict[str, float] = field(default_factory=dict)

    def ask_idle_tabs(self) -> bool:
        """Ask the tabs that are idle; return whether some have still to go."""
        now_s = time.monotonic()
        is_awaited = False
        for tab in list_tabs(STATE_KEY):
            if tab.id not in self._ids:
                continue
            asked_at = self._asked_at.get(tab.id)
            if asked_at is None and not self._is_busy(tab, now_s):
                asked_at = self._asked_at[tab.id] = now_s
                tab.leave()
            is_awaited |= asked_at is None or now_s < asked_at + _LEAVE_S
        return is_awaited

    def _is_busy(self, tab: OpenTab, now_s: float) -> bool:
        """Return whether a tab is drawn, or waits for an answer or has just had its end."""
        if tab.is_drawing or self._waits(tab.kept):
            self._busy_at[tab.id] = now_s
        return now_s < self._busy_at.get(tab.id, -_SHOW_END_S) + _SHOW_END_S

    def _waits(self, state: object) -> bool:
        if not isinstance(state, PageState):
            return False
        return any(state.is_watched in one.watchers for one in self.services.generations.running)
