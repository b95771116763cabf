"""Which of several Ollamas answers: each is a fake one at an address of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from chatbot import errors
from chatbot.domain.generation_request import ChatMessage, GenerationRequest
from chatbot.domain.parameters import Parameters
from chatbot.llm.client import Llm
from chatbot.llm.replicas import hash_conversation, is_here, resolve_host
from chatbot.settings import Settings
from chatbot.urls import ServerUrl
from tests.support.fake_ollama.server import (
    BUSY,
    DEFAULT_MODEL,
    FakeOllama,
    Fault,
    cut,
    page,
    prose,
)
from tests.support.product import LoopThread

WHOLE = "".join(prose(8))


@dataclass
class Deployment:
    """A page with its own Ollama, two peers', and what their name resolves to."""

    loop: LoopThread
    own: FakeOllama
    peers: list[FakeOllama]
    llm: Llm
    addresses: list[str]
    asking: list[Future[str]] = field(default_factory=list)

    def begin(self, conversation: str, num_ctx: int | None = None) -> FakeOllama:
        """Ask for an answer that stays under way; return who writes it."""
        before = {id(one): one.active + one.waiting for one in self.all}
        work = self._ask(conversation, num_ctx)
        self.asking.append(asyncio.run_coroutine_threadsafe(work, self.loop.loop))
        while True:
            for one in self.all:
                if one.active + one.waiting > before[id(one)]:
                    return one

    def end(self) -> None:
        """End all answers that are under way."""
        for future in self.asking:
            future.cancel()
        self.asking.clear()
        for one in self.all:
            one.wait_for(lambda now: now.active + now.waiting == 0)

    def answer(self, conversation: str = "") -> str:
        """Return the text of an answer, at its end."""
        for one in self.all:
            one.first_token_delay = 0
        return self.loop.run(self._ask(conversation))

    @property
    def all(self) -> list[FakeOllama]:
        """Return the own one and its peers."""
        return [self.own, *self.peers]

    async def _ask(self, conversation: str, num_ctx: int | None = None) -> str:
        request = GenerationRequest(
            DEFAULT_MODEL,
            [ChatMessage("user", "Hello")],
            parameters=Parameters(num_ctx=num_ctx),
            conversation=conversation,
        )
        return "".join([piece.text async for piece in self.llm.stream_answer(request)])


@pytest.fixture
def deployment(fake: FakeOllama, settings: Settings, loop: LoopThread) -> Iterator[Deployment]:
    """Three Ollamas with the model in memory, each with an endless answer and two slots."""
    addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]

    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("ollama-replicas", fake.port)
        return addresses

    service = ServerUrl(f"http://ollama-replicas:{fake.port}")
    changes = {"ollama_service_url": service, "ollama_num_parallel": 2}
    llm = Llm(settings.model_copy(update=changes), resolve)
    with contextlib.ExitStack() as stack:
        hosts = addresses[1:]
        peers = [stack.enter_context(FakeOllama(fake.port, host)) for host in hosts]
        for one in (fake, *peers):
            one.set(loaded=[DEFAULT_MODEL], first_token_delay=60)
        made = Deployment(loop, fake, peers, llm, addresses)
        yield made
        made.end()
        loop.run(llm.close())


def test_the_own_ollama_answers_while_it_has_a_slot(deployment: Deployment) -> None:
    assert [deployment.begin(name) for name in ("a", "b")] == [deployment.own] * 2
    assert not any(peer.requests for peer in deployment.peers)


def test_what_the_own_one_has_no_slot_for_goes_to_the_least_busy_peer(
    deployment: Deployment,
) -> None:
    answers = [deployment.begin(f"conversation {number}") for number in range(6)]
    assert {id(one): answers.count(one) for one in deployment.all} == {
        id(one): 2 for one in deployment.all
    }


def test_when_all_are_full_the_queues_grow_alike_and_the_own_one_first(
    deployment: Deployment,
) -> None:
    answers = [deployment.begin(f"conversation {number}") for number in range(9)]
    assert answers[6] is deployment.own
    assert all(answers.count(one) == 3 for one in deployment.all)


def test_a_conversation_comes_back_to_the_peer_that_knows_it(deployment: Deployment) -> None:
    for name in ("a", "b"):
        deployment.begin(name)
    knowing = deployment.begin("c")
    deployment.end()
    assert deployment.begin("c") is knowing is not deployment.own


def test_a_conversation_whose_ollama_is_full_goes_elsewhere_and_is_known_there(
    deployment: Deployment,
) -> None:
    for name in ("a", "b"):
        deployment.begin(name)
    knowing = deployment.begin("c")
    assert deployment.begin("c") is knowing
    elsewhere = deployment.begin("c")
    deployment.end()
    assert elsewhere not in (knowing, deployment.own)
    assert deployment.begin("c") is elsewhere


@pytest.mark.parametrize(
    "fields",
    [{"context_length": 2048}, {"model": "another:1b"}, {"context_length": ...}],
    ids=["another window", "another model", "an old version"],
)
def test_a_peer_that_has_it_otherwise_in_memory_is_not_asked(
    deployment: Deployment, fields: dict[str, object]
) -> None:
    for peer in deployment.peers:
        peer.fields = {("/api/ps", DEFAULT_MODEL): fields}
    assert all(deployment.begin(name) is deployment.own for name in "abc")


def test_without_peers_all_wait_at_the_own_one(deployment: Deployment) -> None:
    deployment.addresses[:] = ["127.0.0.1"]
    assert all(deployment.begin(name) is deployment.own for name in "abc")


def test_a_window_of_its_own_has_the_own_model_loaded_anew_and_nobody_elses(
    deployment: Deployment,
) -> None:
    answers = [deployment.begin(name, num_ctx=1024) for name in "abc"]
    assert answers == [deployment.own] * 3


@pytest.mark.parametrize("fault", [None, cut(0), page(502)], ids=["gone", "cut", "a proxy"])
def test_the_own_one_answers_for_a_peer_that_is_lost(
    deployment: Deployment, fault: Fault | None
) -> None:
    for name in ("a", "b"):
        deployment.begin(name)
    knowing = deployment.begin("c")
    deployment.end()
    if fault is None:
        knowing.stop()
    else:
        knowing.fail(fault)
    assert deployment.answer("c") == WHOLE
    assert deployment.own.finished == 1


def test_an_answer_that_has_begun_is_not_begun_again_elsewhere(deployment: Deployment) -> None:
    for name in ("a", "b"):
        deployment.begin(name)
    knowing = deployment.begin("c")
    deployment.end()
    knowing.fail(cut(3))
    with pytest.raises(errors.OllamaFailed):
        deployment.answer("c")
    assert deployment.own.finished == 0


@pytest.fixture
def gated(fake: FakeOllama, settings: Settings, loop: LoopThread) -> Iterator[Deployment]:
    """A page whose own Ollama is behind a gateway, which is a fake one too."""
    with FakeOllama() as gateway:
        url = ServerUrl(gateway.url)
        llm = Llm(settings.model_copy(update={"ollama_gateway_url": url}))
        yield Deployment(loop, fake, [gateway], llm, [])
        loop.run(llm.close())


def test_a_gateway_is_told_which_conversation_and_deployment_asks(gated: Deployment) -> None:
    (gateway,) = gated.peers
    assert [gated.answer(name) for name in ("a", "a", "b", "")] == [WHOLE] * 4
    assert not gated.own.bodies()
    told = [request.headers for request in gateway.requests]
    names = [headers["X-Conversation"] for headers in told]
    assert names[0] == names[1] == hash_conversation("a") != "a"
    assert len({*names}) == 3
    assert {headers["X-Chat-Model"] for headers in told} == {DEFAULT_MODEL}
    assert {headers["X-Chat-Num-Ctx"] for headers in told} == {"4096"}


@pytest.mark.parametrize("status", [421, 503, 502])
def test_the_own_one_answers_for_a_gateway_that_has_none(gated: Deployment, status: int) -> None:
    (gateway,) = gated.peers
    gateway.fail(page(status))
    assert gated.answer("a") == WHOLE
    assert len(gated.own.bodies()) == 1


def test_the_own_one_answers_while_the_gateway_is_away(gated: Deployment) -> None:
    gated.peers[0].stop()
    assert gated.answer("a") == WHOLE


@pytest.mark.parametrize("fault", [page(429), BUSY])
def test_a_gateway_whose_queue_is_full_is_busy(gated: Deployment, fault: Fault) -> None:
    (gateway,) = gated.peers
    gateway.fail(fault)
    with pytest.raises(errors.Busy) as refusal:
        gated.answer("a")
    assert refusal.value.code == "ollama_busy"
    assert not gated.own.bodies()


def test_this_machine_knows_its_own_addresses() -> None:
    assert is_here("127.0.0.1")
    assert not is_here("127.0.0.2")
    assert not is_here("192.0.2.1")


def test_a_host_has_the_addresses_of_one_family(loop: LoopThread) -> None:
    addresses = loop.run(resolve_host("localhost", 80))
    assert len({":" in address for address in addresses}) == 1
