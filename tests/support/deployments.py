"""The chat on a cluster: its image copied there, its small deployment written and removed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from chatbot import __version__
from tests.support.cluster import NAMESPACE, SMALL, KubectlError, kubectl
from tests.support.product import ROOT

IMAGE = f"ollama-chatbot:{__version__}"
_SECRET = "Only4Tests" * 4


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
    folder: Path, components: Iterable[str], secrets: Mapping[str, str]
) -> Path:
    """Write the small deployment with components and Secrets (name: key) into a folder."""
    paths = [ROOT / "k8s" / "components" / name for name in components]
    text = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(SMALL, folder)],
        "components": [os.path.relpath(path, folder) for path in paths],
        "generatorOptions": {"disableNameSuffixHash": True},
        "secretGenerator": [
            {"name": name, "literals": [f"{key}={_SECRET}"]} for name, key in secrets.items()
        ],
    }
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder
