"""The example overlay: each value of its one file changes what follows from it, and no more."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from scripts.chart import EXAMPLE, K8S, build, hide_hashes, read_example

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")

POD = "spec.template.spec"
CONFIG = "ConfigMap chatbot: data"
# What follows from another value: where it stands, and what stands there.
FOLLOWING = {
    "image=registry.example.com:5000/chat:1.2.3": {
        f"{at}.image": "registry.example.com:5000/chat:1.2.3"
        for at in (
            f"Deployment chatbot: {POD}.containers.0",
            f"Deployment chatbot: {POD}.initContainers.0",
            f"Job secrets: {POD}.containers.0",
        )
    },
    "host=talk.example.org": {
        f"{CONFIG}.PUBLIC_URL": "https://talk.example.org",
        "Ingress chatbot: spec.rules.0.host": "talk.example.org",
        "Ingress chatbot: spec.tls.0.hosts.0": "talk.example.org",
    },
    "model=llama3.2:1b": {f"{CONFIG}.CHAT_MODEL": "llama3.2:1b"},
    "memory=2Gi": {
        f"Deployment chatbot: {POD}.initContainers.0.resources.{kind}.memory": "2Gi"
        for kind in ("requests", "limits")
    },
    "slots=8": {f"{CONFIG}.OLLAMA_NUM_PARALLEL": "8"},
    "replicas=9": {"HorizontalPodAutoscaler chatbot: spec.maxReplicas": 9},
    "databaseConnections=5": {f"{CONFIG}.DATABASE_CONNECTIONS": "5"},
    "storageClass=fast": {
        "StatefulSet postgres: spec.volumeClaimTemplates.0.spec.storageClassName": "fast"
    },
    "databaseSize=40Gi": {
        "StatefulSet postgres: spec.volumeClaimTemplates.0.spec.resources.requests.storage": "40Gi"
    },
}


@pytest.mark.parametrize("value", FOLLOWING)
def test_a_value_changes_what_follows_from_it_and_nothing_else(value: str) -> None:
    name, _, text = value.partition("=")
    before, after = build_leaves(), build_leaves(name, text)
    assert before.keys() == after.keys()
    assert {at: leaf for at, leaf in after.items() if leaf != before[at]} == FOLLOWING[value]


def test_each_value_has_its_test() -> None:
    tested = {value.partition("=")[0] for value in FOLLOWING}
    assert tested == {value.name for value in read_example().values}


def test_the_values_themselves_are_not_applied() -> None:
    assert not [at for at in build_leaves() if at.startswith("ConfigMap values")]


def test_the_example_offers_the_components_that_are_there() -> None:
    names = {component.name for component in read_example().components}
    assert names <= {folder.name for folder in (K8S / "components").iterdir()}


def test_the_copy_that_is_built_is_the_example() -> None:
    chosen = [part.name for part in read_example().components if part.is_on]
    command = ["kubectl", "kustomize", str(EXAMPLE)]
    example = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert build({}, chosen, "chatbot") == example


@cache
def build_leaves(name: str = "", text: str = "") -> dict[str, Any]:
    """The values of all fields by their place, with the components and perhaps another value."""
    # That database is elsewhere.
    chosen = {component.name for component in read_example().components} - {"managed-database"}
    built = build({name: text} if name else {}, chosen, "chatbot")
    objects = list(yaml.safe_load_all(re.sub(r"-mark-hash\b", "", hide_hashes(built))))
    return {
        f"{one['kind']} {one['metadata']['name']}: {place}": leaf
        for one in objects
        for place, leaf in find_leaves(one)
    }


def find_leaves(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what has no parts, and where it stands."""
    if not isinstance(node, dict | list):
        yield place, node
        return
    for key, part in node.items() if isinstance(node, dict) else enumerate(node):
        yield from find_leaves(part, f"{place}.{key}" if place else str(key))
