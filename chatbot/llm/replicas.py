"""Which Ollama answers, where several do.

An Ollama that has answered a conversation still has its messages in memory, and reads only what is
new. So a conversation goes back to its last one while a slot is free there. Else it goes to the own
one, beside this process, or to a peer's: the least busy one that has the same model in memory, with
the same window, so that an answer never has a model loaded. A gateway, where there is one, chooses
instead: it knows the answers of all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import socket
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import ollama

from chatbot.domain.generation_request import GenerationRequest
from chatbot.llm.model_names import canonical_name
from chatbot.llm.ollama_internals import LenientClient, Target
from chatbot.settings import Settings
from chatbot.urls import ServerUrl

KNOWN_S = 2.0  # how long it is believed which peers there are and what they have in memory
_ASK_TIMEOUT_S = 2.0
_REMEMBERED = 10_000  # conversations whose last Ollama is known
_HASH_BYTES = 16

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses that a host name has, for connections to a port."""

_Windows = Mapping[str, int]  # of the models in memory, in tokens, by their canonical names


async def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host, of one family: a pod has one of each. Raises OSError."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos if info[0] == infos[0][0]]


@dataclass
class Replicas:
    """Chooses for each answer; `client` asks the peers what they have in memory."""

    settings: Settings
    client: LenientClient
    resolve: Resolve = resolve_host
    _answers: Counter[str] = field(default_factory=Counter)  # of ours under way, by address
    _last: OrderedDict[str, str] = field(default_factory=OrderedDict)  # by conversation

    def __post_init__(self) -> None:
        """Know the own Ollama, and the way to its peers."""
        base = self.settings.ollama_base_url
        self.own = Target(base, base.basic_auth)
        service = self.settings.ollama_service_url
        self._peers = _Peers(self.own, service, self.client, self.resolve)

    async def choose(self, request: GenerationRequest) -> Target:
        """Return the Ollama, or the gateway, that is to be asked for an answer."""
        if request.parameters.num_ctx is not None:  # with a window of its own nobody else has it
            return self.own
        if self.settings.ollama_gateway_url:
            return self._ask_gateway(request.conversation)
        if not self.settings.ollama_service_url:
            return self.own
        last = self._last.get(request.conversation, self.own.url)
        if last == self.own.url and self._has_slot(self.own):
            return self.own
        fitting = {peer.url: peer for peer in await self._peers.find_fitting(request.model)}
        if last in fitting and self._has_slot(fitting[last]):
            return fitting[last]
        if self._has_slot(self.own):
            return self.own
        return self._find_least_busy(request.conversation, [self.own, *fitting.values()])

    @contextlib.contextmanager
    def hold(self, target: Target, conversation: str) -> Iterator[None]:
        """Count an answer as the target's until the block ends, and its conversation as known."""
        self._answers[target.url] += 1
        if conversation:
            self._last[conversation] = target.url
            self._last.move_to_end(conversation)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        try:
            yield
        finally:
            self._answers[target.url] -= 1
            self._answers += Counter()  # forgets those that have none

    def _has_slot(self, target: Target) -> bool:
        return self._answers[target.url] < max(1, self.settings.ollama_num_parallel)

    def _find_least_busy(self, conversation: str, targets: Sequence[Target]) -> Target:
        last = self._last.get(conversation)

        def rank(target: Target) -> tuple[int, bool, bool, str]:
            answers = self._answers[target.url]
            weight = hash_conversation(f"{conversation} {target.url}")
            return answers, target.url != last, target != self.own, weight

        return min(targets, key=rank)

    def _ask_gateway(self, conversation: str) -> Target:
        s = self.settings
        headers = {
            "X-Conversation": hash_conversation(conversation or secrets.token_hex()),
            "X-Chat-Model": s.chat_model,
            "X-Chat-Num-Ctx": str(s.num_ctx),
        }
        return Target(s.ollama_gateway_url, s.ollama_gateway_url.basic_auth, headers)


@dataclass
class _Peers:
    """The Ollamas of the other replicas, as of when they were last asked."""

    own: Target
    service: ServerUrl
    client: LenientClient
    resolve: Resolve
    _windows: dict[Target, _Windows] = field(default_factory=dict)
    _own_windows: _Windows = field(default_factory=dict)
    _known_until: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find_fitting(self, model: str) -> list[Target]:
        """Return the peers that have a model in memory as the own Ollama has it."""
        async with self._lock:
            if time.monotonic() > self._known_until:
                await self._look()
                self._known_until = time.monotonic() + KNOWN_S
        name = canonical_name(model)
        window = self._own_windows.get(name)
        if window is None:
            return []
        return [peer for peer, windows in self._windows.items() if windows.get(name) == window]

    async def _look(self) -> None:
        peers = await self._list_peers()
        asked = [_read_windows(self.client, target) for target in (self.own, *peers)]
        own, *others = await asyncio.gather(*asked)
        self._own_windows = own or self._own_windows
        self._windows = dict(zip(peers, others, strict=True))

    async def _list_peers(self) -> list[Target]:
        parts = urlsplit(self.service)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        addresses: Sequence[str] = ()
        with contextlib.suppress(OSError):  # a time-out, too
            async with asyncio.timeout(_ASK_TIMEOUT_S):
                addresses = await self.resolve(parts.hostname or "", port)
        hosts = [f"[{a}]" if ":" in a else a for a in addresses if not is_here(a)]
        urls = [parts._replace(netloc=f"{host}:{port}").geturl() for host in hosts]
        return [Target(ServerUrl(url), self.service.basic_auth) for url in urls]


def hash_conversation(text: str) -> str:
    """Return what tells conversations apart and leads nobody to one."""
    return hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).hexdigest()


def is_here(address: str) -> bool:
    """Return whether this machine has an address: it would then call itself by it. Asks nobody."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect((address, 9))
        return str(asking.getsockname()[0]) == address
    return False


async def _read_windows(client: LenientClient, target: Target) -> _Windows:
    """Return what a server has in memory; nothing for one that does not say it in time."""
    with contextlib.suppress(ollama.ResponseError, httpx.HTTPError, OSError, ValueError):
        async with asyncio.timeout(_ASK_TIMEOUT_S):
            reply = await client.fetch("/api/ps", target=target)
        return _parse_windows(reply.json())
    return {}


def _parse_windows(reply: Any) -> _Windows:
    with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
        entries = reply["models"]
        return {canonical_name(e["model"]): int(e["context_length"]) for e in entries}
    return {}
