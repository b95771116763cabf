"""The HPA: its arithmetic against figures of the running cluster, and scaling that was seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cluster import get, is_ready, kubectl, pods, scale, service_url, wait_for
from tests.support.cluster_visitors import Visitors

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

CUSTOM = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/chatbot/pods/*/chat_load"
# The component's window is a quarter of an hour.
QUICK = {
    "stabilizationWindowSeconds": 30,
    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}],
}


@pytest.mark.usefixtures("small")
def test_an_idle_replica_lets_two_become_one_and_a_busy_one_asks_for_more() -> None:
    (metric,) = [one for one in get("hpa", "chatbot")["spec"]["metrics"] if _name(one) == "cpu"]
    target = metric["resource"]["target"]["averageUtilization"]
    scale(1)
    idle = wait_for(lambda: _utilization(below=target / 2), 120)
    assert 2 * idle[0] < target
    with Visitors(service_url(), 4):
        wait_for(lambda: _utilization(above=target), 120)


def test_answers_under_way_bring_replicas_and_their_end_takes_them_away(
    deploy: Callable[..., None],
) -> None:
    deploy("scale-on-waiting")
    patch = {"spec": {"maxReplicas": 3, "behavior": {"scaleDown": QUICK}}}
    kubectl("patch", "hpa", "chatbot", "--type", "merge", "--patch", json.dumps(patch))
    if not _adapter_answers():
        pytest.skip("no prometheus-adapter with k8s/components/scale-on-waiting/adapter-rules.yaml")
    with Visitors(service_url(), 8) as visitors:
        wait_for(lambda: sum(map(is_ready, pods())) == 3, 120)
    assert not visitors.lost
    wait_for(lambda: len(pods()) == 1, 240)


def _utilization(below: float = 1e9, above: float = -1) -> list[int]:
    """The CPU utilization that the HPA sees now, in a list, if it is within the bounds."""
    status = get("hpa", "chatbot")["status"].get("currentMetrics") or []
    found: list[int] = [
        one["resource"]["current"]["averageUtilization"]
        for one in status
        if _name(one) == "cpu" and "averageUtilization" in one["resource"]["current"]
    ]
    return [one for one in found if above < one < below]


def _name(metric: Any) -> str:
    return str(metric.get("resource", {}).get("name"))


def _adapter_answers() -> bool:
    try:
        found = wait_for(lambda: json.loads(kubectl("get", "--raw", CUSTOM))["items"], 60)
    except Exception:
        return False
    return bool(found)
