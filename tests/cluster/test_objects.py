"""What the API server makes of the manifests: it takes them, and refuses what they forbid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.support.cluster import KubectlError, conditions, is_served, kubectl, pods
from tests.support.deployments import K8S, Deployments, write_kustomization

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BASE = K8S / "base"
LAPTOP = K8S / "overlays" / "laptop"
# Of operators that a cluster may not have.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "ScaledObject", "HTTPRoute"}


@pytest.mark.parametrize("folder", [BASE, LAPTOP], ids=["base", "laptop"])
def test_it_applies_and_every_pod_is_ready(cluster: Deployments, folder: Path) -> None:
    cluster.replace(folder)
    assert pods() and all("Ready" in conditions(pod) for pod in pods())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("component", sorted(path.name for path in (K8S / "components").iterdir()))
def test_the_api_server_takes_each_component(component: str, tmp_path: Path) -> None:
    try_apply(write_kustomization(tmp_path, [component]))


@pytest.mark.parametrize("overlay", sorted(path.name for path in (K8S / "overlays").iterdir()))
def test_the_api_server_takes_each_overlay(cluster: Deployments, overlay: str) -> None:
    cluster.clear()  # a claim's size cannot be changed
    try_apply(K8S / "overlays" / overlay)


def try_apply(folder: Path) -> None:
    """Have the API server check all objects of the kinds that it knows."""
    objects = list(yaml.safe_load_all(kubectl("kustomize", str(folder))))
    known = [one for one in objects if one["kind"] not in FOREIGN or is_served(one["kind"])]
    told = json.dumps({"apiVersion": "v1", "kind": "List", "items": known})
    options = ("--server-side", "--force-conflicts", "--dry-run=server")
    assert kubectl("apply", *options, "--filename", "-", stdin=told)


@pytest.mark.usefixtures("small")
def test_what_is_not_restricted_is_refused() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "loose"},
        "spec": {"containers": [{"name": "loose", "image": "ollama-chatbot"}]},
    }
    with pytest.raises(KubectlError, match="violates PodSecurity"):
        kubectl("apply", "--filename", "-", stdin=json.dumps(pod))
