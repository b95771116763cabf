"""The autoscaler of the simulation decides as the documentation of Kubernetes says.

https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks.lib.hpa import Hpa, HpaSpec, Policy, Reading, Rules, propose_replicas

ANY = (Policy("Percent", 100, 15),)
AT_ONCE = Rules(0, ANY)


def _hpa(least: int = 1, most: int = 100, down: Rules = AT_ONCE) -> Hpa:
    return Hpa(HpaSpec(least, most, {"load": 100.0}, down=down))


@pytest.mark.parametrize(
    ("value", "replicas"),
    [(200, 2), (50, 1), (109, 1), (111, 2)],
    ids=["200m for 100m: twice as many", "50m: half", "within the tolerance", "beyond it"],
)
def test_replicas_follow_the_ratio_of_value_and_target(value: float, replicas: int) -> None:
    assert propose_replicas(1, Reading([value]), 100) == replicas


def test_half_the_target_takes_half_of_the_replicas() -> None:
    assert propose_replicas(4, Reading([50] * 4), 100) == 2


def test_a_pod_without_the_metric_counts_as_idle_on_the_way_up_and_as_busy_on_the_way_down() -> (
    None
):
    assert propose_replicas(3, Reading([180, 180], missing=1), 100) == 4
    assert propose_replicas(3, Reading([150, 150], missing=1), 100) == 3
    assert propose_replicas(3, Reading([40, 40], missing=1), 100) == 2


def test_the_wider_of_two_policies_holds() -> None:
    policies = (Policy("Pods", 4, 60), Policy("Percent", 10, 60))
    hpa = _hpa(least=10, down=Rules(0, policies))
    replicas, seen = 80, []
    for minute in range(12):
        replicas = hpa.decide(60.0 * (minute + 1), replicas, {"load": Reading([1.0] * replicas)})
        seen.append(replicas)
    assert seen[:3] == [72, 64, 57]
    assert [a - b for a, b in pairwise(seen[6:])] == [4, 4, 4, 4, 4]


def test_within_a_period_a_policy_counts_what_has_changed_already() -> None:
    hpa = _hpa(down=Rules(0, (Policy("Pods", 1, 60),)))
    assert hpa.decide(0, 3, {"load": Reading([1.0] * 3)}) == 2
    assert hpa.decide(15, 2, {"load": Reading([1.0] * 2)}) == 2
    assert hpa.decide(75, 2, {"load": Reading([1.0] * 2)}) == 1


def test_by_default_replicas_double_or_grow_by_four_in_fifteen_seconds() -> None:
    hpa = _hpa()
    seen = [1]
    for step in range(4):
        seen.append(hpa.decide(15.0 * step + 15, seen[-1], {"load": Reading([1e5] * seen[-1])}))
    assert seen == [1, 5, 10, 20, 40]


def test_replicas_go_down_to_the_largest_recommendation_of_the_window() -> None:
    hpa = _hpa(down=Rules(60, ANY))
    values = [250.0, 100.0, 50.0, 50.0, 50.0, 50.0]  # for 1, then 3 replicas
    replicas = hpa.decide(0, 1, {"load": Reading([values[0]])})
    assert replicas == 3
    seen = [hpa.decide(15.0 * n, 3, {"load": Reading([values[n]] * 3)}) for n in range(1, 6)]
    assert seen == [3, 3, 3, 3, 2]


def test_a_metric_that_is_not_there_takes_no_replica_away() -> None:
    hpa = Hpa(HpaSpec(1, 9, {"load": 100.0, "cpu": 0.6}, down=AT_ONCE))
    readings = {"load": Reading([]), "cpu": Reading([0.01] * 3)}
    assert hpa.decide(0, 3, readings) == 3


def test_the_manifest_says_bounds_targets_windows_and_policies() -> None:
    target = {"type": "AverageValue", "averageValue": "750m"}
    spec = {
        "minReplicas": 1,
        "maxReplicas": 4,
        "metrics": [
            {"type": "Pods", "pods": {"metric": {"name": "load"}, "target": target}},
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 60},
                },
            },
        ],
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "policies": [{"type": "Pods", "value": 2, "periodSeconds": 15}],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 900,
                "policies": [{"type": "Percent", "value": 100, "periodSeconds": 60}],
            },
        },
    }
    read = HpaSpec.from_manifest(spec, ["load", "cpu"])
    assert read.targets == {"load": 0.75, "cpu": 0.6}
    assert read.down == Rules(900, (Policy("Percent", 100, 60),))
