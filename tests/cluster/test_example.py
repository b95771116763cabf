"""What the API server makes of the example with all that it offers; nothing is deployed."""

from __future__ import annotations

import contextlib

import pytest

from scripts.chart import build, read_example
from tests.support.cluster import NAMESPACE, KubectlError, kubectl
from tests.support.deployments import remove_chat

pytestmark = pytest.mark.cluster

EVERYTHING = {component.name for component in read_example().components}


@pytest.mark.parametrize("left_out", ["managed-database", ""])
@pytest.mark.usefixtures("cluster")
def test_the_api_server_takes_it_and_knows_each_field(left_out: str) -> None:
    remove_chat()  # a claim of another size would be in the way
    with contextlib.suppress(KubectlError):  # it may be there
        kubectl("create", "namespace", NAMESPACE)
    chosen = EVERYTHING - {left_out} - _find_missing_operators()
    example = build({"replicas": "7"}, chosen, NAMESPACE)
    options = ("--server-side", "--force-conflicts", "--dry-run=server", "--filename", "-")
    assert "horizontalpodautoscaler" in kubectl("apply", *options, stdin=example)


def _find_missing_operators() -> set[str]:
    """The components whose kinds this cluster does not know."""
    kinds = kubectl("api-resources", "--output", "name")
    return set() if "prometheusrules.monitoring.coreos.com" in kinds else {"monitoring"}
