"""The settings that k8s/ ships, as far as the simulation needs them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.lib.chat_simulation import LOAD, WAITING
from benchmarks.lib.hpa import HpaSpec, Policy, Rules
from chatbot.settings import Settings

K8S = Path(__file__).parents[2] / "k8s"
POSTGRES_CONNECTIONS = 100  # PostgreSQL's own max_connections


@dataclass(frozen=True)
class Shipped:
    """What one finds after `kubectl apply -k` of the base and its components."""

    slots: int
    num_ctx: int
    max_answers: int
    database_connections: int
    max_connections: int
    gateway_servers: int
    waiting_per_slot: int
    hpa: HpaSpec
    scale_on_waiting: HpaSpec

    @property
    def most_replicas(self) -> int:
        """The HPA's maximum."""
        return self.hpa.most


def read_shipped() -> Shipped:
    """Read the manifests."""
    lines = (K8S / "base" / "chatbot.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    hpa = _read_yaml("base/hpa.yaml")["spec"]
    gateway = _read_yaml("components/gateway/deployment.yaml")["spec"]["template"]["spec"]
    proxy = {entry["name"]: entry.get("value") for entry in gateway["containers"][0]["env"]}

    def read_setting(name: str) -> int:
        return int(variables.get(name.upper(), Settings.model_fields[name].default))

    return Shipped(
        slots=int(variables["OLLAMA_NUM_PARALLEL"]),
        num_ctx=read_setting("num_ctx"),
        max_answers=read_setting("max_answers"),
        database_connections=read_setting("database_connections"),
        max_connections=POSTGRES_CONNECTIONS,
        gateway_servers=int(proxy["MAX_REPLICAS"]),
        waiting_per_slot=int(proxy["WAITING_PER_SLOT"]),
        hpa=HpaSpec.from_manifest(hpa, ["cpu"]),
        scale_on_waiting=HpaSpec.from_manifest(_patch(hpa), [LOAD]),
    )


def read_former_hpa(shipped: Shipped) -> HpaSpec:
    """Return what scale-on-waiting said when it followed the prompts that wait."""
    up, down = (Policy("Pods", 2, 15),), (Policy("Pods", 1, 60),)
    return replace(shipped.hpa, targets={WAITING: 2.0}, up=Rules(0, up), down=Rules(300, down))


def _patch(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the HPA's spec with the patch of scale-on-waiting, whose paths are /spec/A/B."""
    patched = {name: _copy(value) for name, value in spec.items()}
    for operation in _read_yaml("components/scale-on-waiting/hpa-patch.yaml"):
        _, _, field, key = operation["path"].split("/")
        patched[field][int(key) if key.isdigit() else key] = operation["value"]
    return patched


def _read_yaml(name: str) -> Any:
    return yaml.safe_load((K8S / name).read_text())


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value
