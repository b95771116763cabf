"""Raw streaming /api/chat, with the body that the page sends: what the page is compared with."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served


@dataclass(frozen=True)
class RawAnswer:
    """Seconds since the request was sent: first token, last token; and the number of tokens."""

    ttft: float
    last_text: float
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens per second after the first."""
        return (self.tokens - 1) / (self.last_text - self.ttft)


def capture_body(folder: Path, **variables: Any) -> dict[str, Any]:
    """Return the body that the page sends to /api/chat for a first prompt, options and all."""
    with FakeOllama() as fake:
        served = Served(fake.url, folder, **variables)
        with served, StreamlitUser(served.url) as user:
            user.ask("What do you send?")
        body: dict[str, Any] = fake.bodies()[-1]
        return body


def with_prompt(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    """Return the same body with another prompt."""
    return body | {"messages": [*body["messages"][:-1], {"role": "user", "content": prompt}]}


def ask_ollama(ollama_url: str, body: dict[str, Any]) -> RawAnswer:
    """Stream one answer, by the cheapest client there is. Raises RuntimeError on a refusal."""
    connection = http.client.HTTPConnection(urlsplit(ollama_url).netloc, timeout=120)
    data = json.dumps(body).encode()
    started = time.perf_counter()
    connection.request("POST", "/api/chat", data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    times: list[float] = []
    tokens = 0
    while line := response.readline():
        at, part = time.perf_counter() - started, json.loads(line)
        if "error" in part:
            raise RuntimeError(part["error"])
        if part["message"]["content"]:
            times.append(at)
        tokens = part.get("eval_count", tokens)
    connection.close()
    return RawAnswer(times[0], times[-1], tokens)
