"""Components on a real cluster: models on a volume, the gateway."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from locustfiles.streamlit_client.user import StreamlitUser
from tests.support.cluster import (
    get,
    is_ready,
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

Deploy = Callable[..., None]


def test_a_model_volume_is_filled_once_and_reused(deploy: Deploy) -> None:
    deploy("model-volume")
    (first,) = pods()
    scale(2)
    with StreamlitUser(page_of(pods()[1])) as user:
        assert user.ask("Hello").text
        assert not user.alerts()
    logs = [kubectl("logs", name_of(pod), "--container", "provide-model") for pod in pods()]
    assert "filled" in logs[0] and "filled" not in logs[1]
    assert is_ready(first)


def test_the_gateway_gives_each_replica_as_many_answers_as_it_has_slots(
    deploy: Deploy,
) -> None:
    deploy("gateway")
    scale(2)
    with Visitors(service_url(), 6) as visitors:
        # Two replicas with one slot each: the others wait here, not there.
        wait_for(lambda: _gateway("current_queue") >= 3, 60)
        wait_for(lambda: len(visitors.answers) >= 12, 90)
    assert not visitors.lost
    assert _gateway("http_responses_total", code='code="5xx"') == 0


def _gateway(name: str, code: str = "") -> float:
    """The largest value of a metric of HAProxy's for the replicas."""
    (pod,) = [p for p in get("pods")["items"] if name_of(p).startswith("gateway")]
    text = httpx.get(f"http://{pod['status']['podIP']}:8404/metrics").text
    label = rf'[^}}]*proxy="replicas"[^}}]*{code}[^}}]*'
    found = re.findall(rf"^haproxy_backend_{name}{{{label}}} (\S+)$", text, re.MULTILINE)
    return max(map(float, found), default=0)
