"""Who takes all there is leaves something for everybody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.fake_ollama.server import FakeOllama
from tests.support.product import Served, wait_for
from tests.support.stranger import Stranger
from tests.support.watch import Watch

pytestmark = pytest.mark.trials

Enter = Callable[[Served], Stranger]


def test_one_client_that_asks_for_all_answers_leaves_one(
    served: Served, enter: Enter, fake: FakeOllama
) -> None:
    fake.set(tokens=400, tokens_per_second=40.0)
    somebody = enter(served)
    body = {"prompt": "Hello", "stream": True}
    with ThreadPoolExecutor(64) as clients, httpx.Client(timeout=30) as client:
        asked = [
            clients.submit(client.post, f"{served.url}/generate_text", json=body) for _ in range(64)
        ]
        fake.wait_for(lambda state: state.active >= 8)
        answer = somebody.begin("Hello")
        answer.wait_for_text(10)
        statuses = [each.result().status_code for each in asked]
    assert set(statuses) <= {200, 429, 503}
    assert any(status != 200 for status in statuses)


def test_one_visitor_with_many_tabs_leaves_room(
    served: Served, enter: Enter, fake: FakeOllama
) -> None:
    fake.set(tokens=400, tokens_per_second=40.0)
    greedy = enter(served)
    tabs = [greedy]
    for _ in range(12):
        tabs.append(Stranger(served.url))
        tabs[-1].cookies = greedy.cookies
        tabs[-1].connect()
    try:
        asked = [tab.begin("Hello") for tab in tabs]
        wait_for(lambda: any(tab.alerts() for tab in tabs), 10)
        assert fake.active < len(asked)
        enter(served).begin("Hello").wait_for_text(10)
    finally:
        for tab in tabs:
            tab.close()


@pytest.mark.parametrize("query", ["a" * 4000 + "b", "a " * 4000, "%_" * 2000, "\\" * 4000])
def test_a_search_is_bounded(served: Served, enter: Enter, query: str) -> None:
    tab = enter(served)
    texts = ["a" * 900_000, "ab" * 400_000, "\\_%" * 300_000]
    messages = [{"role": "user", "content": text} for text in texts]
    tab.bring_in(json.dumps([{"messages": messages}]).encode())
    with Watch(served.url, served.process.pid) as watch:
        tab.act_in_sidebar("search", text=query)
    assert watch.is_cheap, str(watch)
