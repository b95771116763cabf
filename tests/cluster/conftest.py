"""The cluster that KUBECONFIG names, with this checkout's image, and the small deployment on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cluster import SMALL, KubectlError, apply, kubectl
from tests.support.deployments import IMAGE, load_image, remove_chat, write_kustomization
from tests.support.product import ROOT


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
    remove_chat()
    yield
    remove_chat()


@pytest.fixture
def small(cluster: None) -> None:
    """The small deployment, one replica, as if nothing had happened before."""
    remove_chat()
    apply(SMALL)


@pytest.fixture
def deploy(cluster: None, tmp_path: Path) -> Callable[..., None]:
    """Applies the small deployment with components: `deploy("postgres", postgres="password")`.

    Keyword arguments are Secrets, each with one key.
    """

    def start(*components: str, **secrets: str) -> None:
        remove_chat()
        apply(write_kustomization(tmp_path, components, secrets))

    return start
