"""Virtual users who chat all the while, and an account of each answer: had, refused, or lost."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from locustfiles.streamlit_client.user import Answer, NoAnswer, StreamlitUser

_AGAIN_S = 0.5  # after a refusal, or a page that is not there
_PATIENCE_S = 60.0  # with a page that does not come back with the answer
_PROMPT = "Question {number} of user {user}: what is a river?"


@dataclass(frozen=True)
class Told:
    """One answer: when it was over (time.time), its TTFT and its length in time, in seconds.

    `turn` counts the prompts of its conversation from 1. The tokens are those of all that was sent
    and of the answer; `read_s` is what Ollama took to read what it did not know.
    """

    user: int
    at: float
    ttft: float
    total: float
    turn: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    read_s: float = 0.0


@dataclass
class Visitors:
    """`size` users of the page at `url`, each asks the next question when it has its answer.

    After `turns` questions they begin another conversation; after each answer they think for
    `think_s` seconds on average.
    `lost`: prompts that the page had taken and whose answer did not come whole, with what was said.
    `events` counts reconnects, refusals, prompts that the page had not taken yet, and answers that
    came whole only after a reload.
    """

    url: str
    size: int
    turns: int = 1
    think_s: float = 0.0
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
        user, dice = StreamlitUser(self.url, timeout=120), random.Random(number)
        asked = 0
        while not self._stop.is_set():
            if not hasattr(user, "session") or user.session.closed:
                self._connect(user)
                continue
            asked += 1
            self._ask(user, number, _PROMPT.format(number=asked, user=number))
            self._stop.wait(self.think_s * dice.uniform(0.5, 1.5))
        with contextlib.suppress(AttributeError):
            user.close()

    def _connect(self, user: StreamlitUser) -> None:
        """Open the page, with the conversation that was open."""
        if hasattr(user, "session"):
            self.events["reconnects"] += 1
        try:
            user.connect()
        except (OSError, TimeoutError):
            self._stop.wait(_AGAIN_S)

    def _ask(self, user: StreamlitUser, number: int, prompt: str) -> None:
        try:
            if _count_turns(user) >= self.turns:
                _new_chat(user)
            turn = _count_turns(user) + 1
            answer = user.begin(prompt).result(user.timeout)
        except (NoAnswer, OSError) as error:
            self._reload(user, prompt, str(error))
            return
        if answer.state == "refused":
            self.events["refused"] += 1
            self._stop.wait(_AGAIN_S)
        elif answer.has_failed or answer.ttft is None:
            self.lost.append(f"{prompt}: {answer.state} {answer.code} {answer.alerts}")
        else:
            self.answers.append(_note_answer(number, turn, answer, answer.ttft))

    def _reload(self, user: StreamlitUser, prompt: str, reason: str) -> None:
        """Look again whether the page has the prompt, and its answer, as a person does."""
        taken = ("user", prompt) in user.messages()
        user.close()
        if not taken:
            self.events["unsent"] += 1
            return
        state, deadline = "", time.monotonic() + _PATIENCE_S
        while not state and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                user.connect()
                user.wait_for(lambda: _find_state(user) not in ("writing", ""))
                state = _find_state(user)
            self._stop.wait(0 if state else _AGAIN_S)
        if state == "done":
            self.events["recovered"] += 1
        else:
            self.lost.append(f"{prompt}: {reason}; after a reload: {state or 'no page'}")


def _note_answer(user: int, turn: int, answer: Answer, ttft: float) -> Told:
    tokens = answer.input_tokens, answer.output_tokens
    return Told(user, time.time(), ttft, answer.total, turn, *tokens, answer.read_s)


def _count_turns(user: StreamlitUser) -> int:
    return sum(role == "user" for role, _ in user.messages())


def _find_state(user: StreamlitUser) -> str:
    answers = [message for message in user.transcript() if message.role == "assistant"]
    return answers[-1].state if answers else ""


def _new_chat(user: StreamlitUser) -> None:
    """Begin a conversation, so that the model does not read ever longer ones."""
    runs = user.session.runs_finished
    user.click("new")
    user.wait_for(lambda: user.session.runs_finished > runs and not user.messages())
