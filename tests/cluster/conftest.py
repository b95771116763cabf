"""The cluster that KUBECONFIG names, with this checkout's image, and the small deployment on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.support.cluster import KubectlError, kubectl
from tests.support.deployments import Deployments, load_images, remove_chat


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of the small deployment come first, so that it is deployed once for all."""
    items.sort(key=lambda item: "small" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployments]:
    """A cluster that has the images and nothing else of ours, before and after."""
    if shutil.which("kubectl") is None or shutil.which("docker") is None:
        pytest.skip("no kubectl or docker: install both, and name a cluster in KUBECONFIG")
    try:
        kubectl("version")
    except KubectlError as error:
        pytest.skip(f"no cluster answers, name one in KUBECONFIG: {error}")
    load_images()
    remove_chat()
    yield Deployments(tmp_path_factory.mktemp("deployment"))
    remove_chat()


@pytest.fixture
def small(cluster: Deployments) -> None:
    """The small deployment, one replica; another test may have used it."""
    cluster.use()


@pytest.fixture
def deploy(cluster: Deployments) -> Callable[..., None]:
    """Has the small deployment with components: `deploy("gateway")`; one replica."""
    return cluster.use
