"""The gateway's configuration in a real HAProxy, before two fake Ollamas instead of replicas."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.fake_ollama.server import DEFAULT_MODEL, FakeOllama
from tests.support.product import ROOT, fetch, free_port, wait_for

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="no haproxy on PATH")

FILES = ROOT / "k8s" / "components" / "gateway"
SLOTS, WAITING_PER_SLOT = 2, 2


@pytest.fixture
def replicas() -> Iterator[list[FakeOllama]]:
    """Two Ollamas with the model in memory, each with an endless answer."""
    with FakeOllama(host="127.0.0.2") as first, FakeOllama(first.port, "127.0.0.3") as second:
        for one in (first, second):
            one.set(loaded=[DEFAULT_MODEL], slots=SLOTS, first_token_delay=60)
        yield [first, second]


class Gateway:
    """HAProxy with the component's files, and the pages that ask it."""

    def __init__(self, folder: Path, replicas: list[FakeOllama]) -> None:
        self.port, self.metrics = free_port(), free_port()
        self.replicas = replicas
        config = (FILES / "haproxy.cfg").read_text()
        # Instead of the cluster's DNS.
        servers = "\n  ".join(f"server {one.host} {one.host}:{one.port}" for one in replicas)
        config = re.sub(r"server-template .*", servers, config)
        config = config.replace("resolvers cluster init-addr none", "")
        config = config.replace("/etc/gateway", str(FILES)).replace(":8404", f":{self.metrics}")
        self.file = folder / "haproxy.cfg"
        self.file.write_text(config.replace("${POD_IP}:11434", f"${{POD_IP}}:{self.port}"))

    def __enter__(self) -> Gateway:
        variables = {
            "DRAIN_TIMEOUT": "320",
            "OLLAMA_NUM_PARALLEL": str(SLOTS),
            "WAITING_PER_SLOT": str(WAITING_PER_SLOT),
            "CHAT_MODEL": DEFAULT_MODEL,
            "NUM_CTX": "4096",
            "POD_IP": "127.0.0.1",
        }
        self.process = subprocess.Popen(
            ["haproxy", "-db", "-f", self.file], env={**os.environ, **variables}
        )
        self.pool = ThreadPoolExecutor(32)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.pool.shutdown()
        self.client.close()

    def ask(self, conversation: str, num_ctx: int = 4096) -> int:
        """Ask for an answer; return its status."""
        headers = {
            "X-Conversation": conversation,
            "X-Chat-Model": DEFAULT_MODEL,
            "X-Chat-Num-Ctx": str(num_ctx),
        }
        body = {"model": DEFAULT_MODEL, "messages": [{"role": "user", "content": "Hello"}]}
        try:
            return self.client.post("/api/chat", json=body, headers=headers).status_code
        except httpx.TransportError:
            return 0

    def begin(self, conversation: str) -> FakeOllama:
        """Ask for an answer that stays under way; return who writes it."""
        before = [one.active for one in self.replicas]
        self.pool.submit(self.ask, conversation)

        def find() -> list[FakeOllama]:
            pairs = zip(self.replicas, before, strict=True)
            return [one for one, count in pairs if one.active > count]

        return wait_for(find, 10)[0]

    def read_metric(self, name: str, state: str = "") -> list[str]:
        """Return the values of a metric of the replicas', for those in a state."""
        found = fetch(f"http://127.0.0.1:{self.metrics}/metrics")
        text = found.text if found else ""
        labels = rf'[^}}]*proxy="replicas"[^}}]*{state}[^}}]*'
        return re.findall(rf"^{name}{{{labels}}} (\S+)$", text, re.MULTILINE)

    def count_up(self) -> int | None:
        """Return how many replicas it may ask; None while it does not answer."""
        values = self.read_metric("haproxy_backend_active_servers")
        return int(values[0]) if values else None

    def wait_for_queue(self, count: int) -> None:
        """Return when so many prompts wait."""
        wait_for(lambda: self.read_metric("haproxy_backend_current_queue") == [str(count)], 10)


@pytest.fixture
def gateway(tmp_path: Path, replicas: list[FakeOllama]) -> Iterator[Gateway]:
    """The gateway before both."""
    with Gateway(tmp_path, replicas) as made:
        wait_for(
            lambda: made.read_metric("haproxy_server_check_status", "L7OK").count("1") == 2, 20
        )
        yield made


def test_a_conversation_goes_to_the_same_replica_each_time(gateway: Gateway) -> None:
    for one in gateway.replicas:
        one.first_token_delay = 0
    for number in range(8):
        before = [len(one.bodies()) for one in gateway.replicas]
        assert [gateway.ask(f"conversation {number}") for _ in range(3)] == [200] * 3
        came = [len(one.bodies()) for one in gateway.replicas]
        assert sorted(now - then for now, then in zip(came, before, strict=True)) == [0, 3]


def test_a_full_replica_is_left_out_and_then_all_wait_in_one_queue(gateway: Gateway) -> None:
    home = gateway.begin("a")
    assert gateway.begin("a") is home
    other = gateway.begin("a")
    assert other is not home and gateway.begin("a") is other
    for count in range(1, 2 * SLOTS * WAITING_PER_SLOT + 1):
        gateway.pool.submit(gateway.ask, "a")
        gateway.wait_for_queue(count)
    assert not home.waiting and not other.waiting
    assert gateway.ask("b") == 429


def test_what_is_new_goes_to_the_least_busy_replica(gateway: Gateway) -> None:
    first, second = gateway.begin("a"), gateway.begin("b")
    assert first is not second


def test_who_wants_another_window_asks_elsewhere(gateway: Gateway) -> None:
    assert gateway.ask("a", num_ctx=2048) == 421


@pytest.mark.parametrize(
    "loaded", [{"context_length": 2048}, {"model": "another:1b"}], ids=["window", "model"]
)
def test_a_replica_that_has_it_otherwise_in_memory_is_not_asked(
    gateway: Gateway, loaded: dict[str, object]
) -> None:
    first, second = gateway.replicas
    first.fields = {("/api/ps", DEFAULT_MODEL): loaded}
    wait_for(lambda: gateway.count_up() == 1, 10)
    assert all(gateway.begin(name) is second for name in "ab")


def test_a_window_of_another_model_is_not_taken_for_this_ones(gateway: Gateway) -> None:
    first, _ = gateway.replicas
    first.fields = {("/api/ps", DEFAULT_MODEL): {"context_length": 2048}}
    first.loaded = [DEFAULT_MODEL, "another:1b"]
    wait_for(lambda: gateway.count_up() == 1, 10)


def test_without_a_replica_it_says_so_at_once(gateway: Gateway) -> None:
    for one in gateway.replicas:
        one.loaded = []
    wait_for(lambda: gateway.count_up() == 0, 10)
    assert gateway.ask("a") == 503
    assert httpx.get(f"http://127.0.0.1:{gateway.metrics}/readyz").status_code == 503
