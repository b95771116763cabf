"""A summary that stands for the oldest messages of a conversation, so that the rest fits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.answers import Answer, Answers
from chatbot.errors import BadRequest, OllamaFailed
from chatbot.history import History, Message, Setup
from chatbot.llm import Asked, Said
from chatbot.parameters import Parameters

_TASK = "You summarize conversations. Keep names, numbers, decisions and open questions. Be brief."
_LONGEST = 300  # tokens
_KEY = "summary"  # beside the parameters of a conversation


@dataclass(frozen=True, slots=True)
class Summary:
    """The text that stands for all messages up to the one with the id `until`."""

    text: str
    until: str

    @classmethod
    def of(cls, setup: Setup) -> Summary | None:
        """The summary of a conversation, if there is one."""
        found: dict[str, str] | None = setup.parameters.get(_KEY)
        return cls(found["text"], found["until"]) if found else None

    def within(self, setup: Setup) -> Setup:
        """`setup` with this summary."""
        kept: dict[str, Any] = {_KEY: {"text": self.text, "until": self.until}}
        return setup._replace(parameters={**setup.parameters, **kept})

    def after(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages that it does not cover: all, if another version of them is shown."""
        covered = [index for index, one in enumerate(messages) if one.id == self.until]
        return messages[covered[0] + 1 :] if covered else messages


def summarize(
    answers: Answers,
    history: History,
    owner: str,
    conversation_id: str,
    model: str,
    setup: Setup,
    watching: Callable[[], bool],
) -> Setup:
    """Has the older half of a conversation summarized and keeps that; takes as long as an answer.

    Returns the conversation's new set-up. Raises a ChatError.
    """
    messages = history.messages(owner, conversation_id)
    older = messages[: len(messages) // 4 * 2]  # whole exchanges
    if not older:
        raise BadRequest("There is nothing to summarize yet: one exchange cannot be shortened.")
    before = Summary.of(setup)
    text = _ask(answers, model, _transcript(older, before), watching)
    changed = Summary(text, older[-1].id).within(setup)
    history.configure(owner, conversation_id, changed)
    return changed


def _ask(answers: Answers, model: str, transcript: str, watching: Callable[[], bool]) -> str:
    said = [Said("user", f"Summarize this conversation:\n\n{transcript}")]
    asked = Asked(model, said, _TASK, Parameters(num_predict=_LONGEST))
    answer = answers.start(Answer(secrets.token_hex(16), asked, watchers=[watching]))
    answer.over.wait()
    if answer.error:
        raise answer.error
    if not answer.text.strip():
        raise OllamaFailed("The model wrote no summary. Try again, or raise the context window.")
    return answer.text.strip()


def _transcript(messages: Sequence[Message], before: Summary | None) -> str:
    lines = [
        f"{one.role}: {one.content}" for one in (before.after(messages) if before else messages)
    ]
    return "\n".join([before.text, *lines] if before else lines)
