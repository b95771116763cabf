"""The chat on a cluster: its image copied there, its small deployment written and removed."""

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
from tests.support.cluster import NAMESPACE, SMALL, KubectlError, kubectl
from tests.support.product import ROOT

IMAGE = f"ollama-chatbot:{__version__}"
_SECRET = "Only4Tests" * 4
_AS_NAMED = {"disableNameSuffixHash": True}


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


def remove_chat() -> None:
    """Remove the chat; its pods need not finish anything, and its namespace may stay."""
    kinds = "hpa,deployment,statefulset,ingress,service,networkpolicy,configmap,secret,pdb"
    with contextlib.suppress(KubectlError):
        kubectl("delete", kinds, "--all", "--ignore-not-found")
        kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        kubectl("delete", "pvc", "--all")


def write_kustomization(
    folder: Path,
    components: Iterable[str],
    secrets: Mapping[str, str],
    variables: Mapping[str, int] = MappingProxyType({}),
) -> Path:
    """Write the small deployment with components, Secrets (name: key) and variables of the chat."""
    paths = [ROOT / "k8s" / "components" / name for name in components]
    text: dict[str, Any] = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(SMALL, folder)],
        "components": [os.path.relpath(path, folder) for path in paths],
        "secretGenerator": [
            {"name": name, "literals": [f"{key}={_SECRET}"], "options": _AS_NAMED}
            for name, key in secrets.items()
        ],
    }
    if variables:
        literals = [f"{name}={value}" for name, value in variables.items()]
        merged = {"name": "chatbot", "behavior": "merge", "literals": literals}
        text["configMapGenerator"] = [merged]
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder
