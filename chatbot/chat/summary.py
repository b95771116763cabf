"""A summary that stands for the oldest messages of a conversation, so that the rest fits."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatbot.chat.context_window import estimate, scale
from chatbot.chat.generation import Generation
from chatbot.chat.service import Conversations, Thread
from chatbot.domain.conversation_settings import ConversationSettings, Summary
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.errors import BadRequest, ContextOverflow, EmptyAnswer, OllamaFailed

_TASK = "You summarize conversations. Keep names, numbers, decisions and open questions. Be brief."
_PROMPT = "Summarize this conversation:\n\n"
_LONGEST = 300  # tokens
_THINKING = 1000  # tokens more for a model that may think all the same
_SHORTEST_PART = 200  # characters


def summarize(
    conversations: Conversations,
    owner: str,
    conversation_id: str,
    model: str,
    watching: Callable[[], bool],
) -> ConversationSettings:
    """Has the older half of a conversation summarized and keeps that; takes as long as an answer.

    What is longer than the context window is summarized part by part. Returns the conversation's
    new set-up. Raises a ChatError.
    """
    history = conversations.history
    thread = conversations.read(owner, history.conversation(owner, conversation_id))
    older = thread.messages[: len(thread.messages) // 4 * 2]  # whole exchanges
    if not older:
        raise BadRequest("There is nothing to summarize yet: one exchange cannot be shortened.")
    messages = replace(thread, messages=older).chat_messages()
    transcript = "\n".join(f"{message.role}: {message.content}" for message in messages)
    before = thread.settings.summary
    text = _Summarizing(conversations, thread, model, watching).shorten(
        before.text if before else "", transcript
    )
    changed = thread.settings._replace(summary=Summary(text, older[-1].id))
    history.configure(owner, conversation_id, changed)
    return changed


@dataclass(frozen=True)
class _Summarizing:
    """Has `model` summarize, with what `thread` sets for its answers: it stays loaded as it is."""

    conversations: Conversations
    thread: Thread
    model: str
    watching: Callable[[], bool]

    def shorten(self, before: str, transcript: str) -> str:
        """Summarizes what came `before` with `transcript`; halves what does not fit."""
        whole = f"{_PROMPT}{before}\n{transcript}" if before else _PROMPT + transcript
        splits = len(transcript) > _SHORTEST_PART
        try:
            if not splits or self._fits(whole):
                return self._ask(whole)
        except ContextOverflow:
            if not splits:
                raise
        half = len(transcript) // 2
        middle = transcript.rfind("\n", 1, half) + 1 or transcript.rfind(" ", 1, half) + 1 or half
        return self.shorten(self.shorten(before, transcript[:middle]), transcript[middle:])

    def _fits(self, text: str) -> bool:
        scaled = scale(self.thread.messages, self.model)
        tokens = scaled * (estimate(_TASK) + estimate(text))
        return tokens <= self._num_ctx - self._longest

    @property
    def _longest(self) -> int:
        return min(_LONGEST, self._num_ctx // 4)

    @property
    def _num_ctx(self) -> int:
        return self.conversations.num_ctx(self.thread.settings, self.model)

    def _ask(self, text: str) -> str:
        quiet = {**self.thread.settings.parameters, "stop": (), "think": "off"}
        settings = self.thread.settings._replace(parameters=quiet)
        own = self.conversations.parameters(settings, self.model)
        room = self._longest + (_THINKING if own.think else 0)
        own = own.model_copy(update={"num_predict": room})
        request = GenerationRequest(self.model, [ChatMessage("user", text)], _TASK, own)
        generation = Generation(
            secrets.token_hex(16), request, watchers=[self.watching], num_ctx=self._num_ctx
        )
        self.conversations.generations.start(generation)
        generation.over.wait()
        if isinstance(generation.error, EmptyAnswer):
            raise OllamaFailed("The model wrote no summary. Try again, or choose another model.")
        if generation.error:
            raise generation.error
        return generation.text.strip()
