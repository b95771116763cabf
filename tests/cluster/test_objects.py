"""What the API server makes of the manifests: it takes them, and refuses what they forbid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cluster import KubectlError, apply, conditions, get, kubectl, pods
from tests.support.product import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.usefixtures("cluster")]

BASE = ROOT / "k8s" / "base"
LAPTOP = ROOT / "k8s" / "overlays" / "laptop"


@pytest.mark.parametrize("folder", [BASE, LAPTOP], ids=["base", "laptop"])
def test_it_applies_and_every_pod_is_ready(folder: Path) -> None:
    apply(folder)
    assert pods() and all("Ready" in conditions(pod) for pod in pods())


def test_what_is_not_restricted_is_refused() -> None:
    apply(BASE)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "loose"},
        "spec": {"containers": [{"name": "loose", "image": "ollama-chatbot"}]},
    }
    with pytest.raises(KubectlError, match="violates PodSecurity"):
        kubectl("apply", "--filename", "-", stdin=json.dumps(pod))


def test_the_policies_are_there_and_no_pod_has_a_token() -> None:
    apply(BASE)
    names = {one["metadata"]["name"] for one in get("networkpolicy")["items"]}
    assert names == {"default-deny", "chatbot"}
    mounts = [
        mount["mountPath"]
        for pod in pods()
        for container in pod["spec"]["containers"] + pod["spec"]["initContainers"]
        for mount in container["volumeMounts"]
    ]
    assert mounts and not any("serviceaccount" in path for path in mounts)
