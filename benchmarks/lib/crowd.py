"""Many virtual users, spread over processes of their own so that they do not slow each other."""

from __future__ import annotations

import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal, Self

from benchmarks.lib.measure import cpu_seconds
from locustfiles.streamlit_client.user import Answer, StreamlitUser

What = Literal["connect", "ask", "chat", "close"]

PROCESSES = 2
LEAD_S = 0.2  # from an order to its start: by then all processes have it


@dataclass(frozen=True)
class _Order:
    """Do `what` at `at` (`perf_counter`, one clock for all processes), each `spread` s later.

    To "chat" is to ask for `lasts_s` seconds, with `think_s` of thinking before each prompt.
    """

    what: What
    prompt: str
    at: float
    spread: float
    lasts_s: float = 0
    think_s: float = 0


class Crowd:
    """`size` users of a page, who do each thing at the same moment."""

    def __init__(self, url: str, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        for number in range(PROCESSES):
            share = size // PROCESSES + (number < size % PROCESSES)
            ours, theirs = context.Pipe()
            process = context.Process(target=_be_users, args=(url, share, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        for pipe in self._pipes:
            pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.close()
            process.join()

    @property
    def pids(self) -> list[int]:
        """The processes of the users."""
        return [process.pid for process in self._processes]

    def cpu(self) -> float:
        """CPU seconds of all users so far."""
        return sum(map(cpu_seconds, self.pids))

    def connect(self, spread: float = 0) -> float:
        """Have all open the page, `spread` seconds apart; return the seconds until all have it."""
        replies, at = self._order_all("connect", spread=spread)
        return max(ended for _, ended in replies) - at

    def ask(self, prompt: str) -> list[Answer]:
        """Return all send a prompt; returns their answers when the last one has ended."""
        replies, _ = self._order_all("ask", prompt)
        return [answer for answer, _ in replies]

    def chat(self, lasts_s: float, think_s: float) -> list[Answer]:
        """Let each ask at their own pace for so long; return the answers to all their prompts."""
        replies, _ = self._order_all("chat", "A question", lasts_s=lasts_s, think_s=think_s)
        return [answer for answers, _ in replies for answer in answers]

    def close(self) -> None:
        """All close their tabs."""
        self._order_all("close")

    def _order_all(
        self, what: What, prompt: str = "", spread: float = 0, **pace: float
    ) -> tuple[list[tuple[Any, float]], float]:
        order = _Order(what, prompt, time.perf_counter() + LEAD_S, spread * PROCESSES, **pace)
        for pipe in self._pipes:
            pipe.send(order)
        return [reply for pipe in self._pipes for reply in pipe.recv()], order.at


def _be_users(url: str, share: int, pipe: Connection) -> None:
    """Be a process of `share` users, who do what comes through the pipe until it is closed."""
    users = [StreamlitUser(url) for _ in range(share)]
    with ThreadPoolExecutor(share) as pool:
        pipe.send("ready")
        while True:
            try:
                order = pipe.recv()
            except EOFError:
                return
            pipe.send(
                list(pool.map(lambda n, o=order: _follow_order(users[n], n, o), range(share)))
            )


def _follow_order(user: StreamlitUser, number: int, order: _Order) -> tuple[Any, float]:
    time.sleep(max(0, order.at + number * order.spread - time.perf_counter()))
    result: Answer | list[Answer] | None = None
    match order.what:
        case "connect":
            user.connect()
        case "ask":
            result = user.ask(f"{order.prompt}, says user {number}")
        case "chat":
            result = _chat(user, number, order)
        case "close":
            user.close()
    return result, time.perf_counter()


def _chat(user: StreamlitUser, number: int, order: _Order) -> list[Answer]:
    dice = random.Random(number)
    answers = []
    while (left_s := order.at + order.lasts_s - time.perf_counter()) > 0:
        thinks_s = order.think_s * dice.uniform(0.5, 1.5)
        time.sleep(min(thinks_s, left_s))
        if thinks_s < left_s:
            answers.append(user.ask(f"{order.prompt}, says user {number}"))
    return answers
