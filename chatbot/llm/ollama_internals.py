"""What the chat changes in the ollama package, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/llm/test_ollama_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
import ollama


@dataclass(frozen=True)
class Target:
    """A server to ask instead of a client's own: its address, a user with password, headers."""

    url: str
    basic_auth: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)

    def address(self, path: str) -> dict[str, Any]:
        """Return the arguments by which httpx asks this server at `path`."""
        return {"url": self.url + path, "auth": self.basic_auth, "headers": {**self.headers}}


chat_target: ContextVar[Target] = ContextVar("chat_target")
"""Which server a task's chat goes to."""


class LenientClient(ollama.AsyncClient):
    """A client whose `fetch` takes any reply: the package's calls want what its version expects."""

    async def fetch(
        self, path: str, body: dict[str, Any] | None = None, target: Target | None = None
    ) -> httpx.Response:
        """Return the reply of Ollama, or of `target`, at `path`: to a POST where there is a `body`.

        Raises ollama.ResponseError when it is an error, ConnectionError when there is no Ollama.
        """
        method = "POST" if body else "GET"
        address = {"url": path} if target is None else target.address(path)
        reply: httpx.Response = await self._request_raw(method=method, json=body, **address)  # type: ignore[no-untyped-call]
        return reply


class UncutClient(ollama.AsyncClient):
    """A client of `chat_target` that has what does not fit the context window refused.

    Ollama cuts it otherwise: `truncate` is of the prompt, `shift` of what an answer that reaches
    the window's end forgets. The package knows neither.
    """

    async def _request(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["json"] = {**kwargs["json"], "truncate": False, "shift": False}
        if (target := chat_target.get(None)) is not None:
            kind, method, path = args
            args, kwargs = (kind, method), {**kwargs, **target.address(path)}
        return await super()._request(*args, **kwargs)
