"""LangChain's part of the way to Ollama; imported late, since that takes most of a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Self

import ollama
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_ollama import ChatOllama
from pydantic import model_validator

from chatbot.domain.generation_request import ChatMessage
from chatbot.llm.ollama_internals import UncutClient

_ROLES: dict[str, type[BaseMessage]] = {"user": HumanMessage, "assistant": AIMessage}
_NAMES = {"human": "user", "ai": "assistant", "system": "system"}


class PlainChat(ChatOllama):
    """ChatOllama for text and images: its own conversion takes 20 µs a message at each prompt."""

    @model_validator(mode="after")
    def _set_clients(self) -> Self:
        self._async_client = UncutClient(self.base_url, **(self.async_client_kwargs or {}))
        return self

    def _convert_messages_to_ollama_messages(
        self, messages: list[BaseMessage]
    ) -> list[ollama.Message]:
        return [
            ollama.Message(
                role=_NAMES[one.type], content=one.text, images=one.additional_kwargs.get("images")
            )
            for one in messages
        ]

    async def _acreate_chat_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> AsyncIterator[Mapping[str, Any] | str]:
        async for part in super()._acreate_chat_stream(messages, stop, **kwargs):
            if not isinstance(part, str) and part.get("done_reason") == "load":
                part = {**dict(part), "done_reason": "stop"}  # LangChain would leave this end out
            yield part


def to_messages(system_prompt: str, messages: Sequence[ChatMessage]) -> list[BaseMessage]:
    """Return the system prompt and the conversation as LangChain's messages."""
    return [SystemMessage(system_prompt), *map(_to_message, messages)]


def _to_message(message: ChatMessage) -> BaseMessage:
    if not message.images:
        return _ROLES[message.role](message.content)
    images = [ollama.Image(value=image) for image in message.images]
    return HumanMessage(message.content, additional_kwargs={"images": images})
