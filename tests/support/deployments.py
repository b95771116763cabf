"""The chat on a cluster: its images copied there, its small deployment written and removed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatbot import __version__
from tests.support.cluster import NAMESPACE, SMALL, KubectlError, apply, kubectl, scale
from tests.support.product import ROOT

IMAGE = f"ollama-chatbot:{__version__}"
LITTLE = ROOT / "tests" / "cluster" / "little"
K8S = ROOT / "k8s"
# Under the names of published images, for machines that cannot pull them.
_STAND_INS = {"postgres": "postgres:17.6", "haproxy": "haproxy:3.2.6"}
_KINDS = (
    "hpa,deployment,statefulset,job,ingress,service,networkpolicy,configmap,secret,pdb,"
    "serviceaccount,role,rolebinding"
)
_FOREIGN_KINDS = ("httproute", "gateway", "servicemonitor,prometheusrule", "scaledobject")
_POLICY = "chatbot-keeps-history"


# Copies an image into the cluster's nodes; with kind: LOAD_IMAGE="kind load docker-image".
LOAD_IMAGE = os.environ.get("LOAD_IMAGE", "kind load docker-image").split()


def _run_docker(*arguments: str) -> None:
    """Run docker, quietly unless it fails."""
    done = subprocess.run(["docker", *arguments], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def load_image(name: str, context: str, *options: str) -> None:
    """Build an image and copy it into the cluster."""
    _run_docker("build", "--network", "host", "--tag", name, *options, context)
    subprocess.run([*LOAD_IMAGE, name], check=True, capture_output=True)


def load_images() -> None:
    """Build the chat's image and the stand-ins, and copy them into the cluster."""
    load_image(IMAGE, str(ROOT), "--file", str(ROOT / "docker" / "Dockerfile"))
    for folder, name in _STAND_INS.items():
        load_image(name, str(ROOT / "tests" / "cluster" / "stand-ins" / folder))


def remove_chat() -> None:
    """Remove the chat; its pods need not finish anything, and its namespace may stay."""
    with contextlib.suppress(KubectlError):
        kubectl("delete", _KINDS, "--all", "--ignore-not-found")
        kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        kubectl("delete", "pvc", "--all")
    for kinds in _FOREIGN_KINDS:
        with contextlib.suppress(KubectlError):  # this cluster does not know them
            kubectl("delete", kinds, "--all")
    policies = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    kubectl("delete", policies, _POLICY, "--ignore-not-found")


def describe_secret(name: str, **data: str) -> Any:
    """Return a Secret, to be applied."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def write_kustomization(
    folder: Path,
    components: Iterable[str],
    variables: Mapping[str, int] = MappingProxyType({}),
    base: Path = K8S / "base",
) -> Path:
    """Write a base with components, little, and with variables of the chat."""
    paths = [*(K8S / "components" / name for name in components), LITTLE]
    text: dict[str, Any] = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(base, folder)],
        "components": [os.path.relpath(path, folder) for path in paths],
    }
    if variables:  # in a component of their own, the last: what little says is said before
        text["components"].append(_write_variables(folder / "variables", variables))
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder


def _write_variables(folder: Path, variables: Mapping[str, int]) -> str:
    literals = [f"{name}={value}" for name, value in variables.items()]
    text = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "configMapGenerator": [{"name": "chatbot", "behavior": "merge", "literals": literals}],
    }
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder.name


class Deployments:
    """What is deployed now: the small deployment that a test wants is there already, perhaps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current: tuple[str, ...] | None = None

    def use(self, *components: str) -> None:
        """Have the small deployment with components, one replica of it."""
        if components != self._current:
            self.replace(write_kustomization(self._folder, components) if components else SMALL)
            self._current = components
        scale(1)

    def clear(self) -> None:
        """Have the namespace, and nothing of ours in it."""
        self._current = None
        remove_chat()
        kubectl("apply", "--filename", str(K8S / "base" / "namespace.yaml"))

    def replace(self, folder: Path, *objects: Any) -> None:
        """Have a kustomization in the place of what is there, after objects of other people."""
        self.clear()
        if objects:
            told = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
            kubectl("apply", "--filename", "-", stdin=told)
        apply(folder)
