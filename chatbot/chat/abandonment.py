"""Answers that nobody has come back to are ended; while one is written, its text is saved.

An answer that nobody watches costs something only when somebody waits for its place: one whose
prompt would be refused (see Generations), or one who has long waited for their first word.
"""

from __future__ import annotations

import asyncio
import time

from chatbot.chat.generation import Generation
from chatbot.chat.generations import INTERRUPTION_S, Generations
from chatbot.settings import Settings

WATCH_S = 0.25  # how soon a closed tab is noticed
SAVE_S = 0.9  # and WATCH_S later at most: what a crash may cost, and who follows it elsewhere


async def watch_generations(settings: Settings, generations: Generations) -> None:
    """End answers that nobody has come back to and save the text of the others, for ever."""
    while True:
        await asyncio.sleep(WATCH_S)
        for generation in generations.running:
            if generation.ending is None:
                await _look_after(settings, generations, generation)
        _make_room(generations)


async def _look_after(settings: Settings, generations: Generations, generation: Generation) -> None:
    now = time.monotonic()
    if generation.is_watched:
        generation.watched_at = now
        generation.forget_gone_watchers()
    if now - generation.watched_at > settings.abandoned_after:
        generations.abandon(generation)
    elif now - max(generation.started_at, generation.saved_at) > SAVE_S:
        generation.saved_at = now
        await generations.save_text(generation)


def _make_room(generations: Generations) -> None:
    """Give each who has long waited the place of an earlier answer that nobody watches."""
    now = time.monotonic()
    for waiting in generations.running:
        if _waits_long(waiting, now):
            earlier = [one for one in generations.running if one.started_at < waiting.started_at]
            if (left := generations.find_left(earlier)) is not None:
                waiting.room_made_at = now
                generations.abandon(left)


def _waits_long(generation: Generation, now: float) -> bool:
    since = max(generation.started_at, generation.room_made_at)
    is_waiting = generation.ending is None and not generation.begun.is_set()
    return is_waiting and now - since > INTERRUPTION_S and generation.is_watched
