"""The cluster that KUBECONFIG names, with this checkout's image, and the small deployment on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from chatbot import __version__
from tests.support.cluster import NAMESPACE, SMALL, KubectlError, apply, kubectl
from tests.support.product import ROOT

IMAGE = f"ollama-chatbot:{__version__}"
# Copies an image into the cluster's nodes; with kind: LOAD_IMAGE="kind load docker-image".
LOAD_IMAGE = os.environ.get("LOAD_IMAGE", "kind load docker-image").split()


def docker(*arguments: str) -> None:
    """Runs docker, quietly unless it fails."""
    done = subprocess.run(["docker", *arguments], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def load_image(name: str, context: str, *options: str) -> None:
    """Builds an image and copies it into the cluster."""
    docker("build", "--network", "host", "--tag", name, *options, context)
    subprocess.run([*LOAD_IMAGE, name], check=True, capture_output=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """A cluster that has the image and nothing else of ours, before and after."""
    if shutil.which("kubectl") is None or shutil.which("docker") is None:
        pytest.skip("no kubectl or docker: install both, and name a cluster in KUBECONFIG")
    try:
        kubectl("version")
    except KubectlError as error:
        pytest.skip(f"no cluster answers, name one in KUBECONFIG: {error}")
    load_image(IMAGE, str(ROOT), "--file", str(ROOT / "docker" / "Dockerfile"))
    remove()
    yield
    remove()


def remove() -> None:
    """Removes the chat; its pods need not finish anything, and its namespace may stay."""
    kinds = "hpa,deployment,statefulset,ingress,service,networkpolicy,configmap,secret,pdb"
    with contextlib.suppress(KubectlError):
        kubectl("delete", kinds, "--all", "--ignore-not-found")
        kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        kubectl("delete", "pvc", "--all")


@pytest.fixture
def small(cluster: None) -> None:
    """The small deployment, one replica, as if nothing had happened before."""
    remove()
    apply(SMALL)


@pytest.fixture
def deploy(cluster: None, tmp_path: Path) -> Callable[..., None]:
    """Applies the small deployment with components: `deploy("postgres", postgres="password")`.

    Keyword arguments are Secrets, each with one key.
    """

    def start(*components: str, **secrets: str) -> None:
        remove()
        apply(kustomization(tmp_path, components, secrets))

    return start


def kustomization(folder: Path, components: Iterable[str], secrets: Mapping[str, str]) -> Path:
    """Writes the small deployment with components and Secrets (name: key) into a folder."""
    paths = [ROOT / "k8s" / "components" / name for name in components]
    text = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(SMALL, folder)],
        "components": [os.path.relpath(path, folder) for path in paths],
        "generatorOptions": {"disableNameSuffixHash": True},
        "secretGenerator": [
            {"name": name, "literals": [f"{key}=Only4Tests"]} for name, key in secrets.items()
        ],
    }
    (folder / "kustomization.yaml").write_text(json.dumps(text))
    return folder
