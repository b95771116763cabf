"""A prompt's way through the product: stored, made to fit, answered, and the answer kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from chatbot import errors
from chatbot.answers import Answer, Answers
from chatbot.context import Fit, fit
from chatbot.history import History, Message, Turn
from chatbot.llm import Said
from chatbot.settings import Settings

_HEAD_START_S = 0.02  # for the request, before the page draws and holds the interpreter


def outcome(message: Message, answer: Answer) -> Message:
    """`message` as `answer` has left it: text, state, error, and statistics in seconds."""
    stats = asdict(answer.stats) if answer.stats else {}
    return replace(
        message,
        content=answer.text,
        state=answer.state,
        error=answer.error.sentence if answer.error else "",
        stats={**stats, "ttft_s": answer.ttft, "left_out": answer.left_out},
    )


@dataclass(frozen=True)
class Kept:
    """Keeps an answer in the history (an answers.Keeper)."""

    history: History
    message: Message

    def save(self, answer: Answer) -> None:
        """The text so far."""
        self.history.save(self.message.id, content=answer.text)

    def finish(self, answer: Answer) -> None:
        """The end of the answer."""
        ended = outcome(self.message, answer)
        self.history.finish(
            ended.id,
            content=ended.content,
            state=answer.ending or "interrupted",
            error=ended.error,
            stats=ended.stats,
        )


@dataclass(frozen=True)
class Conversations:
    """What the page asks for: send a prompt, or have one answered again."""

    settings: Settings
    history: History
    answers: Answers

    def send(
        self,
        owner: str,
        conversation_id: str | None,
        prompt: str,
        model: str,
        watching: Callable[[], bool],
        before: Sequence[Message] = (),
    ) -> Turn:
        """Stores `prompt` and starts its answer; None starts a conversation. Raises a ChatError.

        `before` are the messages that the page shows. If another tab has added to them, they are
        read again, so that the model sees the conversation as it is.
        """
        check_prompt(prompt, self.settings)
        self.answers.check()
        said = [*_said(before), Said("user", prompt)]
        fitted = self._fit(said)  # what cannot fit is refused before it is stored
        turn = self.history.ask(owner, conversation_id, prompt, model)
        if turn.question.parent_id != (before[-1].id if before else None):
            fitted = self._fit_stored(owner, turn)
        self._answer(turn.answer, fitted, watching)
        return turn

    def again(
        self,
        owner: str,
        conversation_id: str,
        answer_id: str,
        model: str,
        watching: Callable[[], bool],
    ) -> Turn:
        """Answers the prompt of `answer_id` once more, as a new version of that message."""
        self.answers.check()
        turn = self.history.retry(owner, conversation_id, answer_id, model)
        self._answer(turn.answer, self._fit_stored(owner, turn), watching)
        return turn

    def _fit(self, said: list[Said]) -> Fit:
        s = self.settings
        return fit(said, s.system_prompt, s.num_ctx, s.num_predict)

    def _fit_stored(self, owner: str, turn: Turn) -> Fit:
        with self._marking(turn.answer):
            return self._fit(_said(self.history.messages(owner, turn.conversation.id)))

    def _answer(self, message: Message, fitted: Fit, watching: Callable[[], bool]) -> None:
        with self._marking(message):
            answer = Answer(
                id=message.id,
                model=message.model,
                said=fitted.said,
                left_out=fitted.left_out,
                watchers=[watching],
                keeper=Kept(self.history, message),
                patient=True,
            )
            self.answers.start(answer)
            answer.asked.wait(_HEAD_START_S)

    @contextmanager
    def _marking(self, message: Message) -> Iterator[None]:
        """Marks an answer that cannot begin as failed."""
        try:
            yield
        except errors.ChatError as error:
            self.history.finish(message.id, content="", state="failed", error=error.sentence)
            raise


def check_prompt(prompt: str, settings: Settings) -> None:
    """Raises BadRequest for an empty prompt and PromptTooLong for one over MAX_PROMPT_CHARS."""
    if not prompt.strip():
        raise errors.BadRequest("The prompt is empty. Write something.")
    if len(prompt) > settings.max_prompt_chars:
        raise errors.PromptTooLong(
            f"The prompt has {len(prompt):,} characters and at most "
            f"{settings.max_prompt_chars:,} are taken. Shorten it."
        )


def _said(messages: Sequence[Message]) -> list[Said]:
    return [Said(one.role, one.content) for one in messages if one.content]
