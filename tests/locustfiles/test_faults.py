"""What is broken on purpose is found: as many answers as were cut, no more and no fewer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import httpx

from tests.support.cutting_proxy import CuttingProxy
from tests.support.fake_ollama.server import FakeOllama
from tests.support.load_tests import Load
from tests.support.product import Served, wait_for

SLOWLY = {"tokens": 10, "tokens_per_second": 20.0}
OPTIONS = ("--shape", "smoke", "--think", 0.2, "-u", 8, "--drain", 20)


def test_as_many_answers_failed_as_a_proxy_has_cut(
    serve: Callable[..., Served], fake: FakeOllama, load: Load
) -> None:
    fake.set(**SLOWLY)
    with CuttingProxy(fake.url, one_in=5) as proxy:
        served = serve(proxy.url)
        done = load(*OPTIONS, "--length", 8, "--host", served.url, "ChatUser", "ApiUser")
    answers = done.summary["answers"]
    assert answers["outcomes"]["failed"] == proxy.cut > 2
    assert answers["requests"] == proxy.answers
    assert answers["lost"] == 0
    assert all("broke off" in error for error in done.summary["errors"])


def _step(served: Served) -> object:
    """The step that /readyz tells."""
    reply = served.readyz()
    return reply and reply.json()["step"]


def test_an_outage_of_ollama_costs_the_answers_under_way_and_delays_the_others(
    served: Served, fake: FakeOllama, load: Load
) -> None:
    fake.set(**SLOWLY)
    killed = []

    def outage() -> None:
        wait_for(lambda: fake.active > 3, 60)
        before = fake.aborted
        fake.stop()
        killed.append(fake.aborted - before)
        wait_for(lambda: _step(served) == "ollama")
        fake.start()

    thread = threading.Thread(target=outage)
    thread.start()
    done = load(*OPTIONS, "--length", 4, "--host", served.url, "ChatUser")
    thread.join()
    answers = done.summary["answers"]
    metrics = httpx.get(f"{served.url}/metrics").text
    (failed,) = re.findall(r'chat_answers_total\{state="failed"\} (\d+)', metrics)
    # An answer that had no text yet is had again once Ollama is back.
    assert 0 < answers["outcomes"]["failed"] == int(failed) <= killed[0]
    assert answers["lost"] == 0
    assert answers["requests"] == answers["finished"]
