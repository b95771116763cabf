"""The simulation reads what is shipped and measured, and the shipped autoscaler is a steady one."""

from __future__ import annotations

from dataclasses import replace

import yaml

from benchmarks.lib.chat_simulation import Plan, simulate
from benchmarks.lib.figures import read_figures
from benchmarks.lib.hpa import HpaSpec
from benchmarks.lib.measure import p95
from benchmarks.lib.shipped import K8S, read_former_hpa, read_shipped
from benchmarks.scale_model import (
    MOST_CHANGES,
    STEADY_PEOPLE,
    TTFT_GOAL_S,
    find_fewest,
    list_ttfts,
    simulate_hour,
)

PEOPLE = STEADY_PEOPLE[1::3]


def test_a_steady_load_makes_few_changes_an_hour_with_what_is_shipped() -> None:
    shipped, speeds = read_shipped(), read_figures().speeds

    def count_changes(spec: HpaSpec) -> int:
        return max(len(simulate_hour(n, spec, speeds, shipped).changes) for n in PEOPLE)

    assert count_changes(shipped.scale_on_waiting) <= MOST_CHANGES
    assert count_changes(read_former_hpa(shipped)) > MOST_CHANGES


def test_keda_scales_as_the_hpa_does() -> None:
    file = K8S / "components" / "scale-on-waiting-keda" / "scaled-object.yaml"
    scaled = yaml.safe_load(file.read_text())["spec"]
    behavior = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    hpa = read_shipped().scale_on_waiting
    (trigger,) = scaled["triggers"]
    assert float(trigger["metadata"]["threshold"]) == hpa.targets["chat_load"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (hpa.least, hpa.most)
    down = behavior["scaleDown"]
    assert down["stabilizationWindowSeconds"] == hpa.down.window_s
    assert [policy["value"] for policy in down["policies"]] == [p.value for p in hpa.down.policies]


def test_the_fewest_replicas_are_enough_and_more_people_need_more() -> None:
    speeds, plan = read_figures().speeds, Plan(20, slots=16, spreading="gateway", seconds=100)
    few, many = (find_fewest(replace(plan, people=n), None, speeds) for n in (20, 80))
    assert few.replicas < many.replicas
    assert p95(list_ttfts(simulate(many, speeds))) <= TTFT_GOAL_S
