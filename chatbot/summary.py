"""A summary that stands for the oldest messages of a conversation, so that the rest fits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from chatbot.answers import Answer, Answers
from chatbot.errors import BadRequest, EmptyAnswer, OllamaFailed
from chatbot.history import History, Message, Setup, Summary
from chatbot.llm import Asked, Said
from chatbot.parameters import Parameters

_TASK = "You summarize conversations. Keep names, numbers, decisions and open questions. Be brief."
_LONGEST = 300  # tokens


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
    text = _ask(answers, model, _transcript(older, setup.summary), watching)
    changed = setup._replace(summary=Summary(text, older[-1].id))
    history.configure(owner, conversation_id, changed)
    return changed


def _ask(answers: Answers, model: str, transcript: str, watching: Callable[[], bool]) -> str:
    said = [Said("user", f"Summarize this conversation:\n\n{transcript}")]
    asked = Asked(model, said, _TASK, Parameters(num_predict=_LONGEST))
    answer = answers.start(Answer(secrets.token_hex(16), asked, watchers=[watching]))
    answer.over.wait()
    if isinstance(answer.error, EmptyAnswer):
        raise OllamaFailed("The model wrote no summary. Try again, or raise the context window.")
    if answer.error:
        raise answer.error
    return answer.text.strip()


def _transcript(messages: Sequence[Message], before: Summary | None) -> str:
    lines = [
        f"{one.role}: {one.content}" for one in (before.after(messages) if before else messages)
    ]
    return "\n".join([before.text, *lines] if before else lines)
