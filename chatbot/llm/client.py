"""The way to Ollama: answers through LangChain, everything else through the ollama package.

Both share one transport; httpx-aiohttp halves the cost of a streamed token. Which Ollama answers,
where there are several, `replicas` chooses.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

from chatbot import errors
from chatbot.domain.generation_request import GenerationRequest
from chatbot.domain.statistics import Statistics
from chatbot.llm import aiohttp_internals
from chatbot.llm.batching import BatchingTransport
from chatbot.llm.failures import ollama_errors
from chatbot.llm.model_names import canonical_name
from chatbot.llm.model_rules import check_place
from chatbot.llm.ollama_internals import LenientClient, Target, chat_target
from chatbot.llm.replicas import Replicas, Resolve, resolve_host
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.llm.langchain_adapter import PlainChat

log = logging.getLogger("chatbot.llm.client")

_NS_PER_S = 1e9

# What another Ollama may end with that the own one may not: it is gone, or lacks the model by now.
_LOST = (errors.OllamaUnreachable, errors.OllamaFailed, errors.ModelMissing)

on_sent: ContextVar[Callable[[], object]] = ContextVar("on_sent", default=lambda: None)
"""What a task wants called when its request to Ollama has left."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it comes; `statistics` stand in the last one only."""

    text: str
    statistics: Statistics | None = None
    thinking: str = ""


@dataclass
class Llm:
    """The process's one client of the Ollama at `settings.ollama_base_url`, and of its replicas.

    `elsewhere` are the models that it has found to run on other servers, by their canonical names.
    """

    settings: Settings
    resolve: Resolve = resolve_host
    elsewhere: frozenset[str] = frozenset()
    _sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        s = self.settings
        self._client: dict[str, Any] = {
            "transport": BatchingTransport(client=self._open_session),
            "timeout": httpx.Timeout(s.token_timeout, connect=s.connect_timeout),
        }
        auth = s.ollama_base_url.basic_auth
        self.api = LenientClient(host=s.ollama_base_url, auth=auth, **self._client)
        self.replicas = Replicas(s, self.api, self.resolve)

    @cached_property
    def _chat(self) -> PlainChat:
        from chatbot.llm.langchain_adapter import PlainChat

        s = self.settings
        return PlainChat(
            model=s.chat_model, base_url=s.ollama_base_url, async_client_kwargs=self._client
        )

    def warm_up(self) -> None:
        """Import LangChain, so that the first prompt need not; takes most of a second."""
        _ = self._chat

    def _open_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            self._sessions[loop] = aiohttp_internals.open_session(lambda: on_sent.get()())
        return self._sessions[loop]

    async def close(self) -> None:
        """Close what this event loop has opened."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    async def stream_answer(self, request: GenerationRequest) -> AsyncIterator[Piece]:
        """Stream the answer; its last Piece has Statistics.

        Raises OllamaFailed when the stream ends too early, ModelForbidden for a model that may not
        be asked, and what `ollama_errors` raises. Another Ollama that is lost before its first word
        gives way to the own one.

        Closing or cancelling it closes the connection, and Ollama then stops to evaluate.
        """
        self._check_model(request.model)
        target, has_begun = await self.replicas.choose(request), False
        try:
            async with contextlib.aclosing(self._stream_from(target, request)) as pieces:
                async for piece in pieces:
                    has_begun = True
                    yield piece
            return
        except _LOST as error:
            if has_begun or target == self.replicas.own:
                raise
            log.info("the own Ollama answers instead of %s: %s", target.url, error)
        async with contextlib.aclosing(self._stream_from(self.replicas.own, request)) as pieces:
            async for piece in pieces:
                yield piece

    async def _stream_from(
        self, target: Target, request: GenerationRequest
    ) -> AsyncGenerator[Piece, None]:
        from chatbot.llm.langchain_adapter import to_messages

        complete = False
        messages = to_messages(request.system_prompt, request.messages)
        chat_target.set(target)
        with (
            self.replicas.hold(target, request.conversation),
            ollama_errors(self.settings, request.model, url=target.url),
        ):
            async for chunk in self._chat.astream(messages, **self._chat_arguments(request)):
                meta = chunk.response_metadata
                thinking = chunk.additional_kwargs.get("reasoning_content", "")
                if meta.get("done"):
                    complete = True
                    yield Piece(chunk.text, _read_statistics(meta), thinking)
                elif chunk.text or thinking:
                    yield Piece(chunk.text, thinking=thinking)
        if not complete:
            raise errors.OllamaFailed("answer_not_ended")

    def _check_model(self, model: str) -> None:
        is_elsewhere = canonical_name(model) in self.elsewhere
        check_place(self.settings, model, is_elsewhere=is_elsewhere)

    def _chat_arguments(self, request: GenerationRequest) -> dict[str, Any]:
        s, own = self.settings, request.parameters
        common = {
            "num_ctx": s.num_ctx,
            "num_predict": s.num_predict,
            "num_thread": s.num_thread,
        }
        options = {name: value for name, value in common.items() if value is not None}
        arguments: dict[str, Any] = {
            "model": request.model,
            "options": {**options, **own.options()},
        }
        arguments["reasoning"] = True  # else LangChain drops the thinking; `think` is what is sent
        arguments["think"] = {"off": False, "on": True}.get(own.think or "", own.think)
        if own.keep_alive is not None:
            arguments["keep_alive"] = own.keep_alive_value()
        return arguments

    async def fetch_json(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what Ollama replies at `path`, whatever fields it has.

        Raises NotOllama for a reply that is no JSON object, and what `ollama_errors` raises.

        The ollama package's own calls refuse a reply that lacks what its version expects.
        """
        with ollama_errors(self.settings, (body or {}).get("model", "")):
            reply = await self.api.fetch(path, body)
            with contextlib.suppress(ValueError):
                if isinstance(fields := reply.json(), dict):
                    return fields
        raise errors.NotOllama(url=self.settings.ollama_base_url, variable="OLLAMA_BASE_URL")

    async def load_model(self, model: str) -> None:
        """Load `model` with the options that answers use, so that the first one need not.

        Raises ModelForbidden for one that may not be asked, and what `ollama_errors` raises.
        """
        self._check_model(model)
        options = {"num_ctx": self.settings.num_ctx, "num_thread": self.settings.num_thread}
        with ollama_errors(self.settings, model):
            await self.api.generate(
                model=model, options={k: v for k, v in options.items() if v is not None}
            )


def _read_statistics(meta: dict[str, Any]) -> Statistics:
    def seconds(name: str) -> float:
        return float(meta.get(name) or 0) / _NS_PER_S

    return Statistics(
        input_tokens=meta.get("prompt_eval_count") or 0,
        output_tokens=meta.get("eval_count") or 0,
        load_s=seconds("load_duration"),
        prompt_s=seconds("prompt_eval_duration"),
        eval_s=seconds("eval_duration"),
        done_reason=meta.get("done_reason") or "",
    )
