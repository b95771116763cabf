"""A real Kubernetes cluster as the tests see it: kubectl, and how the deployment stands now."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.support import product
from tests.support.product import ROOT

T = TypeVar("T")

NAMESPACE = "chatbot"
SMALL = ROOT / "tests" / "cluster" / "small"
CHAT = "app.kubernetes.io/component=chat"


_EVERY_S = 0.7  # a kubectl takes a tenth of a second of CPU, which the replicas need


def wait_for(condition: Callable[[], T], timeout: float = 60) -> T:
    """As product.wait_for, for conditions that ask the cluster: it asks less often."""
    return product.wait_for(condition, timeout, every=_EVERY_S)


class KubectlError(Exception):
    """kubectl ended with an error; the text is what it said."""


def kubectl(*arguments: str, stdin: str = "", timeout: float = 120) -> str:
    """Return what `kubectl ARGUMENTS` prints, in the chat's namespace; raises KubectlError."""
    done = subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *arguments],
        input=stdin,
        text=True,
        capture_output=True,
        timeout=timeout,
    )
    if done.returncode != 0:
        raise KubectlError(done.stderr)
    return done.stdout.strip()


def get(*arguments: str) -> Any:
    """Return what `kubectl get ARGUMENTS` says, as JSON."""
    return json.loads(kubectl("get", *arguments, "--output", "json"))


def apply(folder: Path) -> None:
    """Apply a kustomization, server-side, and wait until all its pods are Ready."""
    kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(folder))
    has_history = bool(get("statefulset")["items"])
    wait_for(lambda: not has_history or get("pvc")["items"], 30)
    for claim in get("pvc")["items"]:
        wait_for(lambda claim=claim: _opened(name_of(claim)), 30)  # type: ignore[misc]
    wait_settled()


def _opened(claim: str) -> bool:
    """Return whether a claim has its volume; open one that is a folder, which ignores fsGroup."""
    volume = get("pvc", claim)["spec"].get("volumeName")
    if volume is None:
        return False
    folder = Path(get("pv", volume)["spec"].get("hostPath", {}).get("path", "/nowhere"))
    if folder.is_dir():
        folder.parent.chmod(0o755)
        folder.chmod(0o777)
    return True


def wait_settled(timeout: float = 180) -> None:
    """Return when each workload is as wanted, every pod is Ready and none is on its way out."""
    for kind in ("deployment", "statefulset"):
        for one in get(kind)["items"]:
            name = f"{kind}/{one['metadata']['name']}"
            kubectl("rollout", "status", name, f"--timeout={timeout}s", timeout=timeout + 10)
    wait_for(lambda: all(map(is_ready, get("pods")["items"])), timeout)


def pods(selector: str = CHAT) -> list[Any]:
    """Return the pods of the chat, oldest first, those that end included."""
    found = get("pods", "--selector", selector)["items"]
    return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def is_ready(pod: Any) -> bool:
    """Return whether the pod is Ready and stays."""
    return "deletionTimestamp" not in pod["metadata"] and "Ready" in conditions(pod)


def conditions(pod: Any) -> dict[str, str]:
    """Return the conditions that hold: name and since when."""
    held = pod["status"].get("conditions", [])
    return {one["type"]: one["lastTransitionTime"] for one in held if one["status"] == "True"}


def name_of(pod: Any) -> str:
    """Return the object's name."""
    return str(pod["metadata"]["name"])


def page_of(pod: Any) -> str:
    """Return the address of the page in one pod."""
    return f"http://{pod['status']['podIP']}:8501"


def service_url(name: str = "chatbot") -> str:
    """Return the address of a Service, from this machine."""
    service = get("service", name)["spec"]
    return f"http://{service['clusterIP']}:{service['ports'][0]['port']}"


def scale(replicas: int) -> None:
    """Pin the number of replicas: the HPA's least and most."""
    bounds = {"spec": {"minReplicas": replicas, "maxReplicas": replicas}}
    kubectl("patch", "hpa", "chatbot", "--type", "merge", "--patch", json.dumps(bounds))
    wait_for(lambda: sum(map(is_ready, pods())) == replicas == len(pods()), 90)


def execute(pod: Any, container: str, command: Sequence[str]) -> str:
    """Return what a command prints in a container."""
    return kubectl("exec", name_of(pod), "--container", container, "--", *command)


def is_served(kind: str) -> bool:
    """Return whether the cluster knows objects of this kind."""
    try:
        kubectl("get", kind)
    except KubectlError:
        return False
    return True
