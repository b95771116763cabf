"""A generation becomes a message of the history: while it is written, and as it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from chatbot.chat.context_window import is_cut
from chatbot.chat.continuation import add_statistics
from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.domain.messages import Message
from chatbot.domain.statistics import NO_STATISTICS
from chatbot.history import History


def apply_generation(message: Message, generation: Generation) -> Message:
    """Return `message` with the generation's text, state, error, and statistics in seconds."""
    counted = generation.statistics or NO_STATISTICS
    statistics = replace(
        counted,
        ttft_s=generation.ttft_s or 0.0,
        queued_s=generation.queued_s or 0.0,
        thought_s=generation.thought_s or 0.0,
        left_out=generation.left_out,
        images_left_out=generation.images_left_out,
        num_ctx=generation.num_ctx,
        estimated=generation.estimated,
        is_cut=is_cut(counted.input_tokens, generation.estimated, generation.num_ctx),
    )
    if generation.continued is not None:
        statistics = add_statistics(generation.continued, statistics)
    error = generation.error
    return replace(
        message,
        content=generation.text,
        thinking=generation.thinking,
        state=generation.state,
        error=error.sentence if error else "",
        error_code=error.code if error else None,
        error_arguments=error.notice.arguments_as_json() if error else None,
        statistics=statistics,
    )


@dataclass
class MessageKeeper:
    """Keeps a generation in the history as the message that it becomes (a Keeper)."""

    history: History
    generations: Generations
    message: Message
    # Content and thinking as the history has them; None where it may have another.
    _saved: tuple[str, str] | None = field(init=False)
    _parts: int = 0  # that the history was given

    def __post_init__(self) -> None:
        """Begin with what the message has."""
        self._saved = self.message.content, self.message.thinking

    def save(self, generation: Generation) -> None:
        """Keep the text so far; end here too what has been ended in the history."""
        if not self._save_text(generation.text, generation.thinking):
            self.generations.stop(generation)
        elif not generation.is_watched:
            self._look_elsewhere(generation)

    def _save_text(self, content: str, thinking: str) -> bool:
        """Save what is new; all of it after an error, and where text has become thinking."""
        message_id, saved, self._saved = self.message.id, self._saved, None
        if saved and content.startswith(saved[0]) and thinking.startswith(saved[1]):
            new = {"content": content[len(saved[0]) :], "thinking": thinking[len(saved[1]) :]}
            is_written = self.history.append_part(message_id, self._parts, **new)
        else:
            is_written = self.history.save_answer(message_id, content=content, thinking=thinking)
        self._saved, self._parts = (content, thinking), self._parts + 1
        return is_written

    def _look_elsewhere(self, generation: Generation) -> None:
        """Count somebody who has followed it from another process since the last look."""
        followed_at = self.history.find_followed_at(self.message.id)
        if followed_at != generation.followed_at:
            generation.followed_at, generation.watched_at = followed_at, time.monotonic()

    def finish(self, generation: Generation) -> None:
        """Keep the end of the answer."""
        message = apply_generation(self.message, generation)
        self.history.finish_answer(
            message.id,
            content=message.content,
            thinking=message.thinking,
            state=generation.ending or "interrupted",
            error=generation.error,
            statistics=message.statistics,
        )
