"""Virtual users who chat all the while, and an account of each answer: had, refused, or lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from locustfiles.streamlit_client.user import NoAnswer, StreamlitUser

_AGAIN_S = 0.5  # after a refusal, or a page that is not there
_PROMPT = "Question {number} of user {user}: what is a river?"


@dataclass(frozen=True)
class Told:
    """One answer: when it was over (time.time), its TTFT and its length in time, in seconds."""

    user: int
    at: float
    ttft: float
    total: float


@dataclass
class Visitors:
    """`size` users of the page at `url`, each asks the next question when it has its answer.

    `lost`: prompts that the page had taken and whose answer did not come whole, with what was said.
    `events` counts reconnects, refusals and prompts that the page had not taken yet.
    """

    url: str
    size: int
    answers: list[Told] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._chat, args=(n,), daemon=True) for n in range(self.size)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(130)

    def since(self, start: float, end: float | None = None) -> list[Told]:
        """Return the answers that were over between two moments (time.time)."""
        return [one for one in list(self.answers) if start <= one.at < (end or time.time())]

    def _chat(self, number: int) -> None:
        user = StreamlitUser(self.url, timeout=120)
        asked = 0
        while not self._stop.is_set():
            if not hasattr(user, "session") or user.session.closed:
                self._connect(user)
                continue
            asked += 1
            self._ask(user, number, _PROMPT.format(number=asked, user=number))
        with contextlib.suppress(AttributeError):
            user.close()

    def _connect(self, user: StreamlitUser) -> None:
        if hasattr(user, "session"):
            self.events["reconnects"] += 1
        try:
            user.connect(query="")
        except (OSError, TimeoutError):
            self._stop.wait(_AGAIN_S)

    def _ask(self, user: StreamlitUser, number: int, prompt: str) -> None:
        try:
            if user.messages():
                _new_chat(user)
            answer = user.begin(prompt).result(user.timeout)
        except (NoAnswer, OSError) as error:
            self._note_loss(user, prompt, str(error))
            return
        if answer.code == "draining":
            self.events["refused"] += 1
            self._stop.wait(_AGAIN_S)
        elif answer.has_failed or answer.ttft is None:
            self._note_loss(user, prompt, f"{answer.state} {answer.code} {answer.alerts}")
        else:
            self.answers.append(Told(number, time.time(), answer.ttft, answer.total))

    def _note_loss(self, user: StreamlitUser, prompt: str, reason: str) -> None:
        if ("user", prompt) in user.messages():
            self.lost.append(f"{prompt}: {reason} {user.alerts()}")
        else:
            self.events["unsent"] += 1
            user.close()


def _new_chat(user: StreamlitUser) -> None:
    """Begin a conversation, so that the model does not read ever longer ones."""
    runs = user.session.runs_finished
    user.click("new")
    user.wait_for(lambda: user.session.runs_finished > runs and not user.messages())
