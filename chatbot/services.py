"""The parts of one running chat, made once and handed to the page and the routes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from chatbot.chat.abandonment import watch_generations
from chatbot.chat.generations import Generations
from chatbot.chat.request_builder import RequestBuilder
from chatbot.chat.service import ChatService
from chatbot.chat.shares import Shares
from chatbot.chat.storage import Storage
from chatbot.history import History, HistoryUnavailable
from chatbot.identity.users import Users
from chatbot.llm.client import Llm
from chatbot.llm.models import Models
from chatbot.llm.readiness import Readiness
from chatbot.settings import Settings

T = TypeVar("T")

PURGE_EVERY_S = 60
RETAIN_EVERY_S = 3600
SYNC_EVERY_S = 1.0
_DAY_S = 24 * 3600
_DATABASE_START_S = 30  # it may start with the chat, as after a power cut
_DATABASE_PAUSE_S = 0.5


@dataclass(frozen=True)
class Services:
    """Everything that a page or a route needs."""

    settings: Settings
    history: History
    llm: Llm
    loop: asyncio.AbstractEventLoop
    generations: Generations
    models: Models
    readiness: Readiness
    chat: ChatService
    shares: Shares
    users: Users

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the event loop, from another thread, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


_current: Services | None = None


def current() -> Services:
    """Return the services of this process; `running` must be under way."""
    assert _current is not None, "the chat has not started"
    return _current


def database_url(settings: Settings) -> str:
    """DATABASE_URL, or SQLite in DATA_DIR."""
    return settings.database_url.get_secret_value() or f"sqlite:///{settings.data_dir / 'chat.db'}"


def try_database(url: str) -> None:
    """Open the database once; one that does not answer yet is waited for.

    Raises HistoryUnavailable when it is something else, or has lasted for half a minute.
    """
    deadline = time.monotonic() + _DATABASE_START_S
    while True:
        try:
            return History(url).close()
        except HistoryUnavailable as error:
            if error.code != "database_unreachable" or time.monotonic() > deadline:
                raise
        time.sleep(_DATABASE_PAUSE_S)


async def _repeat(work: Callable[[], None], every_s: float) -> None:
    """Do something with the history again and again."""
    while True:
        with contextlib.suppress(HistoryUnavailable):  # it is in the log; the next time, perhaps
            await asyncio.to_thread(work)
        await asyncio.sleep(every_s)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """Make the services on the running event loop and look after them until the block ends."""
    global _current
    loop = asyncio.get_running_loop()
    history = History(database_url(settings), settings.database_connections)
    llm = Llm(settings)
    generations = Generations(settings, llm, loop)
    users = Users(settings, history)
    models = Models(llm, loop, users.rights)
    readiness = Readiness(settings, llm, models)
    requests = RequestBuilder(settings, models)
    shares = Shares(settings)
    storage = Storage(settings, history)
    _current = Services(
        settings=settings,
        history=history,
        llm=llm,
        loop=loop,
        generations=generations,
        models=models,
        readiness=readiness,
        chat=ChatService(settings, history, generations, requests, shares, storage),
        shares=shares,
        users=users,
    )
    works = [
        readiness.run_forever(),
        watch_generations(settings, generations),
        _repeat(history.purge_deletions, PURGE_EVERY_S),
        _repeat(history.end_lost_answers, PURGE_EVERY_S),
    ]
    if settings.retention_days:
        age_s = settings.retention_days * _DAY_S
        works.append(_repeat(functools.partial(history.purge_old, age_s), RETAIN_EVERY_S))
    if settings.login:
        works.append(_repeat(users.sign_outs.sync, SYNC_EVERY_S))
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield _current
    finally:
        await generations.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await models.pulls.close()
        await llm.close()
        history.close()
