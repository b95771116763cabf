"""The chart, on Helm: it makes the objects that kustomize makes of the same values."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.chart import CHART, NOT_OF_THE_CHART, build, hide_hashes, read_example

pytestmark = pytest.mark.manifests

KUBERNETES = "1.34"
COMPONENTS = [component.name for component in read_example().components]
OTHER_VALUES = {
    "image": "registry.example.com:5000/chat:1.2.3",
    "host": "talk.example.org",
    "model": "llama3.2:1b",
    "memory": "2Gi",
    "slots": "8",
    "replicas": "9",
    "storageClass": "fast",
    "databaseSize": "40Gi",
    "databaseConnections": "5",
}


def run_helm(command: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What Helm says; one that `go install` builds knows no Kubernetes by itself."""
    known = ("--kube-version", KUBERNETES)
    return subprocess.run(["helm", command, *known, *arguments], capture_output=True, text=True)


def sort_objects(text: str) -> dict[str, Any]:
    """The objects by kind and name, without the hashes of their content."""
    return {
        f"{one['kind']} {one['metadata']['name']}": one
        for one in yaml.safe_load_all(hide_hashes(text))
        if one and one["kind"] not in NOT_OF_THE_CHART
    }


def template(folder: Path, values: dict[str, str], components: list[str]) -> str:
    """The objects that Helm makes."""
    typed = {name: int(text) if text.isdigit() else text for name, text in values.items()}
    chosen = {name: name in components for name in COMPONENTS}
    (folder / "values.json").write_text(json.dumps({**typed, "components": chosen}))
    done = run_helm("template", "x", CHART, "-n", "talk", "-f", folder / "values.json")
    assert done.returncode == 0, done.stderr
    return drop_sources(done.stdout)


def drop_sources(text: str) -> str:
    """What Helm prints as kustomize does, without the names of the templates."""
    return re.sub(r"^---\n# Source: .*$", "---", text, flags=re.MULTILINE).lstrip("-\n")


@pytest.mark.parametrize(
    "components",
    [[], *([name] for name in COMPONENTS), COMPONENTS[::2], COMPONENTS[1::2], COMPONENTS],
    ids=lambda components: ", ".join(components) or "none",
)
def test_helm_makes_the_objects_that_kustomize_makes(components: list[str], tmp_path: Path) -> None:
    made = sort_objects(template(tmp_path, OTHER_VALUES, components))
    assert made == sort_objects(build(OTHER_VALUES, components, "talk"))


def test_the_values_of_the_chart_are_those_of_the_example(tmp_path: Path) -> None:
    chosen = [component.name for component in read_example().components if component.is_on]
    made = run_helm("template", "x", CHART, "--namespace", "talk").stdout
    assert sort_objects(drop_sources(made)) == sort_objects(build({}, chosen, "talk"))


def test_the_chart_is_in_order() -> None:
    done = run_helm("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "value",
    ["slots=0", "slots=many", "memory=2GB", "image=", "hots=chat.example.org", "components.x=true"],
)
def test_a_value_that_cannot_be_is_refused(value: str) -> None:
    done = run_helm("template", "x", CHART, "--set", value)
    assert done.returncode != 0 and "values" in done.stderr


def test_a_changed_value_gives_the_configuration_another_name(tmp_path: Path) -> None:
    before, after = (
        set(re.findall(r"name: (chatbot-\w{10})$", template(tmp_path, values, []), re.MULTILINE))
        for values in ({}, OTHER_VALUES)
    )
    assert len(before) == len(after) == 1 and before != after
