"""A summary that stands for the oldest messages of a conversation, so that the rest fits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot.chat.context_window import compute_scale, estimate_tokens
from chatbot.chat.conversation_content import ConversationContent
from chatbot.chat.generation import Generation
from chatbot.chat.generations import Generations
from chatbot.chat.request_builder import RequestBuilder
from chatbot.chat.shares import Asker
from chatbot.domain.conversation_settings import Summary
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.messages import Message
from chatbot.errors import BadRequest, ContextOverflow, EmptyAnswer, OllamaFailed

_TASK = "You summarize conversations. Keep names, numbers, decisions and open questions. Be brief."
_TASK_PROMPT = "Summarize this conversation:\n\n"
_MAX_TOKENS = 300  # tokens
_THINKING_TOKENS = 1000  # tokens more for a model that may think all the same
_MIN_PART_CHARS = 200  # characters


def summarize_content(
    requests: RequestBuilder,
    generations: Generations,
    content: ConversationContent,
    model: str,
    watcher: Callable[[], bool],
    asker: Asker,
) -> Summary:
    """Have the older half of a conversation summarized; takes as long as an answer.

    What is longer than the context window is summarized part by part. Raises BadRequest when there
    is one exchange only, and what an answer can end with: any ChatError.
    """
    older = list_older(content.messages)
    if not older:
        raise BadRequest("nothing_to_summarize")
    messages = replace(content, messages=older).chat_messages()
    transcript = "\n".join(f"{message.role}: {message.content}" for message in messages)
    before = content.settings.summary
    summarizer = _Summarizer(requests, generations, content, model, watcher, asker)
    return Summary(
        summarizer.summarize_transcript(before.text if before else "", transcript), older[-1].id
    )


def list_older(messages: Sequence[Message]) -> Sequence[Message]:
    """Return the older half of the messages, in whole exchanges."""
    return messages[: len(messages) // 4 * 2]


@dataclass(frozen=True)
class _Summarizer:
    """Has `model` summarize, with what `content` sets for its answers: it stays loaded as it is."""

    requests: RequestBuilder
    generations: Generations
    content: ConversationContent
    model: str
    watcher: Callable[[], bool]
    asker: Asker

    def summarize_transcript(self, before: str, transcript: str) -> str:
        """Summarize what came `before` with `transcript`; halves what does not fit."""
        whole = f"{_TASK_PROMPT}{before}\n{transcript}" if before else _TASK_PROMPT + transcript
        splits = len(transcript) > _MIN_PART_CHARS
        try:
            if not splits or self._fits_window(whole):
                return self._ask_model(whole)
        except ContextOverflow:
            if not splits:
                raise
        half = len(transcript) // 2
        middle = transcript.rfind("\n", 1, half) + 1 or transcript.rfind(" ", 1, half) + 1 or half
        return self.summarize_transcript(
            self.summarize_transcript(before, transcript[:middle]), transcript[middle:]
        )

    def _fits_window(self, text: str) -> bool:
        scaled = compute_scale(self.content.messages, self.model)
        tokens = scaled * (estimate_tokens(_TASK) + estimate_tokens(text))
        return tokens <= self._num_ctx - self._max_tokens

    @property
    def _max_tokens(self) -> int:
        return min(_MAX_TOKENS, self._num_ctx // 4)

    @property
    def _num_ctx(self) -> int:
        return self.requests.choose_num_ctx(self.content.settings, self.model)

    def _ask_model(self, text: str) -> str:
        quiet = self.content.settings.parameters.model_copy(update={"stop": (), "think": "off"})
        settings = replace(self.content.settings, parameters=quiet)
        own = self.requests.choose_parameters(self.asker.visitor, settings, self.model)
        room = self._max_tokens + (_THINKING_TOKENS if own.think else 0)
        own = own.model_copy(update={"num_predict": room})
        request = GenerationRequest(self.model, [ChatMessage("user", text)], _TASK, own)
        generation = Generation(
            secrets.token_hex(16),
            request,
            watchers=[self.watcher],
            asker=self.asker,
            num_ctx=self._num_ctx,
        )
        self.generations.start(generation)
        generation.over.wait()
        if isinstance(generation.error, EmptyAnswer):
            raise OllamaFailed("summary_empty")
        if generation.error:
            raise generation.error
        return generation.text.strip()
