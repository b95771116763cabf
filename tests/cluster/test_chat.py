"""Chatting through the Service and through the ingress, with two replicas."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import httpx
import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import (
    get,
    is_served,
    kubectl,
    name_of,
    page_of,
    pods,
    scale,
    service_url,
    wait_for,
)
from tests.support.cluster_visitors import Visitors

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

INGRESS = os.environ.get("INGRESS_URL", "http://127.0.0.1:18000")
GATEWAY_CLASS = os.environ.get("GATEWAY_CLASS", "traefik")
WAYS_IN = ("ingress", "gateway-api")


@pytest.fixture
def two(small: None) -> Iterator[None]:
    """Two replicas."""
    scale(2)
    yield


def test_a_visitor_of_the_service_gets_an_answer_and_is_told_of_no_loss(two: None) -> None:
    with StreamlitUser(service_url()) as user:
        assert user.ask("What is a river?").text
        assert "lives in one replica" not in user.text()


def test_what_a_page_s_own_ollama_has_no_slot_for_another_replica_answers(two: None) -> None:
    with Visitors(page_of(pods()[0]), 3) as visitors:
        wait_for(lambda: visitors.answers and all(map(_has_worked, pods())), 90)
    assert not visitors.lost


def test_each_visitor_of_the_ingress_stays_on_one_replica(
    deploy: Callable[..., None],
) -> None:
    if not _answers(INGRESS):
        pytest.skip(f"no ingress controller answers at {INGRESS}: name one in INGRESS_URL")
    deploy(*WAYS_IN)
    scale(2)
    users = [StreamlitUser(INGRESS) for _ in range(6)]
    for user in users:
        wait_for(lambda user=user: _connected(user), 30)  # type: ignore[misc]
        assert user.ask("Hello").text
    homes = [user.cookies["chat_replica"] for user in users]
    assert len(set(homes)) == 2
    for user in users:
        user.close()
        user.connect()
        assert ("user", "Hello") in user.messages()
        user.close()
    assert [user.cookies["chat_replica"] for user in users] == homes


def test_a_visitor_of_the_gateway_api_gets_an_answer(deploy: Callable[..., None]) -> None:
    if not is_served("gatewayclass"):
        pytest.skip("the cluster does not know the Gateway API")
    deploy(*WAYS_IN)
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "chatbot"},
        "spec": {"gatewayClassName": GATEWAY_CLASS, "listeners": [listener]},
    }
    kubectl("apply", "--filename", "-", stdin=json.dumps(gateway))
    wait_for(lambda: get("gateway", "chatbot")["status"].get("addresses"), 30)
    (address,) = get("gateway", "chatbot")["status"]["addresses"]
    user = StreamlitUser(f"http://{address['value']}")
    wait_for(lambda: _connected(user), 30)
    assert user.ask("Hello").text
    user.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code > 0
    except httpx.TransportError:
        return False


def _connected(user: StreamlitUser) -> bool:
    try:
        user.connect()
    except OSError:
        return False  # the ingress has not seen the new objects yet
    return True


def _has_worked(pod: object) -> bool:
    """Whether this replica's Ollama has written an answer."""
    return "/api/chat" in kubectl("logs", name_of(pod), "--container", "ollama")
