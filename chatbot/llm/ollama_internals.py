"""What the chat changes in the ollama package, and the only place that does.

docs/streamlit-internals.md says of each name why it is needed and what breaks without it;
tests/llm/test_ollama_internals.py fails on a version that has changed one.
"""

from __future__ import annotations

from typing import Any

import httpx
import ollama


class LenientClient(ollama.AsyncClient):
    """A client whose `fetch` takes any reply: the package's calls want what its version expects."""

    async def fetch(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Return Ollama's reply at `path`, to a POST where there is a `body`, else to a GET.

        Raises ollama.ResponseError when it is an error, ConnectionError when there is no Ollama.
        """
        method = "POST" if body else "GET"
        reply: httpx.Response = await self._request_raw(method, path, json=body)  # type: ignore[no-untyped-call]
        return reply


class UncutClient(ollama.AsyncClient):
    """A client that has what does not fit the context window refused: Ollama cuts it otherwise.

    `truncate` is of the prompt, `shift` of what an answer that reaches the window's end forgets.
    The package knows neither.
    """

    async def _request(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["json"] = {**kwargs["json"], "truncate": False, "shift": False}
        return await super()._request(*args, **kwargs)
