"""The HorizontalPodAutoscaler's algorithm (autoscaling/v2), as Kubernetes's controller computes it.

It follows pkg/controller/podautoscaler: what a metric asks for, the largest of all metrics, the
recommendations of the window, the policies, the bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SYNC_S = 15.0  # --horizontal-pod-autoscaler-sync-period
TOLERANCE = 0.1  # --horizontal-pod-autoscaler-tolerance


@dataclass(frozen=True)
class Policy:
    """How far one period may go: so many pods, or so many percent of them."""

    type: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True)
class Rules:
    """One direction: the window of recommendations, and the policies, of which the widest holds."""

    window_s: float
    policies: tuple[Policy, ...]


@dataclass(frozen=True)
class HpaSpec:
    """What a HorizontalPodAutoscaler says; `targets` are averages a pod, by metric."""

    least: int
    most: int
    targets: Mapping[str, float]
    up: Rules = Rules(0, (Policy("Percent", 100, 15), Policy("Pods", 4, 15)))
    down: Rules = Rules(300, (Policy("Percent", 100, 15),))

    @classmethod
    def from_manifest(cls, spec: Mapping[str, Any], metrics: Sequence[str]) -> HpaSpec:
        """Return what the `spec` of a manifest says about `metrics`; others are left out."""
        targets = dict(map(_read_target, spec["metrics"]))
        behavior = spec["behavior"]
        return cls(
            spec["minReplicas"],
            spec["maxReplicas"],
            {name: target for name, target in targets.items() if name in metrics},
            _read_rules(behavior["scaleUp"]),
            _read_rules(behavior["scaleDown"]),
        )


@dataclass(frozen=True)
class Reading:
    """A metric of all pods: the values of those that have it, and how many pods have none yet."""

    values: Sequence[float]
    missing: int = 0


@dataclass
class Hpa:
    """One autoscaler; `decide` is a round of its loop."""

    spec: HpaSpec
    _recommendations: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, at: float, current: int, readings: Mapping[str, Reading]) -> int:
        """Return the replicas that are wanted `at` (seconds), with `current` of them wanted now."""
        proposals = [
            propose_replicas(current, readings[name], target)
            for name, target in self.spec.targets.items()
            if readings[name].values
        ]
        desired = max(proposals, default=current)
        if len(proposals) < len(self.spec.targets):  # a metric that is not there lets none go
            desired = max(desired, current)
        limited = self._limit_by_policies(at, current, self._stabilize(at, current, desired))
        wanted = min(max(limited, self.spec.least), self.spec.most)
        if wanted != current:
            self._changes.append((at, wanted - current))
        return wanted

    def _stabilize(self, at: float, current: int, desired: int) -> int:
        """Go up no further than the least, down than the largest recommendation of the window."""
        longest = max(self.spec.up.window_s, self.spec.down.window_s)
        if not self._recommendations:
            self._recommendations = [(at, current)]
        lowest = min([desired, *self._recommend_since(at - self.spec.up.window_s)])
        highest = max([desired, *self._recommend_since(at - self.spec.down.window_s)])
        kept = [entry for entry in self._recommendations if entry[0] > at - longest]
        self._recommendations = [*kept, (at, desired)]
        return min(max(current, lowest), max(highest, lowest))

    def _recommend_since(self, moment: float) -> list[int]:
        return [replicas for at, replicas in self._recommendations if at > moment]

    def _limit_by_policies(self, at: float, current: int, desired: int) -> int:
        if desired > current:
            return min(desired, max(current, *self._list_limits(at, current, self.spec.up, 1)))
        if desired < current:
            return max(desired, min(current, *self._list_limits(at, current, self.spec.down, -1)))
        return current

    def _list_limits(self, at: float, current: int, rules: Rules, sign: int) -> list[int]:
        limits = []
        for policy in rules.policies:
            changed = sum(by for when, by in self._changes if when > at - policy.period_s)
            begun = current - changed
            if policy.type == "Pods":
                limits.append(begun + sign * policy.value)
            else:
                share = begun * (1 + sign * policy.value / 100)
                limits.append(math.ceil(share) if sign > 0 else int(share))
        return limits


def propose_replicas(current: int, reading: Reading, target: float) -> int:
    """Return how many replicas one metric asks for.

    Pods without the metric count as idle before there are more, and as busy before there are fewer.
    """
    ratio = sum(reading.values) / len(reading.values) / target
    if not reading.missing:
        return current if _is_near(ratio) else math.ceil(ratio * len(reading.values))
    filling = 0.0 if ratio > 1 else target
    pods = len(reading.values) + reading.missing
    careful = (sum(reading.values) + reading.missing * filling) / pods / target
    if _is_near(careful) or (ratio > 1) != (careful > 1):
        return current
    proposed = math.ceil(careful * pods)
    return max(proposed, current) if careful > 1 else min(proposed, current)


def _is_near(ratio: float) -> bool:
    return abs(1 - ratio) <= TOLERANCE


def _read_target(metric: Mapping[str, Any]) -> tuple[str, float]:
    kind = metric["type"]
    body = metric[kind[0].lower() + kind[1:]]
    target = body["target"]
    if target["type"] == "Utilization":
        return body["name"], target["averageUtilization"] / 100
    name = body["metric"]["name"] if "metric" in body else body["name"]
    return name, _read_quantity(str(target["averageValue"]))


def _read_quantity(text: str) -> float:
    for suffix, factor in {"m": 1e-3, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


def _read_rules(behavior: Mapping[str, Any]) -> Rules:
    policies = tuple(
        Policy(policy["type"], policy["value"], policy["periodSeconds"])
        for policy in behavior["policies"]
    )
    return Rules(behavior["stabilizationWindowSeconds"], policies)
