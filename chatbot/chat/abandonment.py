"""Answers that nobody has come back to are ended; while one is written, its text is saved."""

from __future__ import annotations

import asyncio
import logging
import time

from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.settings import Settings

log = logging.getLogger("chatbot.chat.abandonment")

WATCH_S = 0.25  # how soon a closed tab is noticed
_INTERRUPTION_S = 5.0  # a page whose connection was cut is back by then, if it comes back at once
SAVE_S = 2.0  # how much of an answer a crash may cost


async def watch_generations(settings: Settings, generations: Generations) -> None:
    """End answers that nobody has come back to and save the text of the others, for ever."""
    while True:
        await asyncio.sleep(WATCH_S)
        for generation in generations.running:
            if generation.ending is None:
                await _look_after(settings, generations, generation)


async def _look_after(settings: Settings, generations: Generations, generation: Generation) -> None:
    now = time.monotonic()
    if generation.is_watched:
        generation.watched_at = now
        generation.forget_gone_watchers()
    if now - generation.watched_at > _grace_s(settings, generations, generation, now):
        log.info("answer %s: nobody waits for it", generation.id)
        generation.ending = generation.ending or "abandoned"
        generations.cancel(generation)
    elif now - max(generation.started_at, generation.saved_at) > SAVE_S:
        generation.saved_at = now
        await generations.save_text(generation)


def _grace_s(
    settings: Settings, generations: Generations, generation: Generation, now: float
) -> float:
    """Return how long an answer goes on unwatched: not long while somebody waits for its place."""
    longest = settings.abandoned_after
    is_in_the_way = generations.is_full or _holds_up(generations, generation, now)
    return min(longest, _INTERRUPTION_S) if is_in_the_way else longest


def _holds_up(generations: Generations, generation: Generation, now: float) -> bool:
    """Return whether a later prompt has long waited for its first word."""
    return any(
        other.started_at > generation.started_at
        and not other.begun.is_set()
        and now - other.started_at > _INTERRUPTION_S
        and other.is_watched
        for other in generations.running
    )
