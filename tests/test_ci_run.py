""".ci/run: what it checks with, and what it starts and ends by itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.product import ROOT

# What the cluster gets for the components.
PARTS = ("monitoring-up", "ingress-up", "gateway-up", "monitoring-crds-up", "policy-up")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with .ci/run, in which each program that it calls only writes what it was called."""
    for name in (".ci/run", "docker/Dockerfile"):
        (tmp_path / "checkout" / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    for name in ("bin/make", "bin/apt-get", "bin/docker-compose", "checkout/.venv/bin/python"):
        write_program(tmp_path / name)
    return tmp_path / "checkout"


def write_program(path: Path, script: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    call = 'echo "$(basename "$0") $*" >>"$CALLS"'
    path.write_text(f"#!/bin/sh\n{call}\n{script}\n")
    path.chmod(0o755)


def write_tools(folder: Path) -> None:
    """Write the programs that start an engine and a cluster."""
    for name in ("engine/engine-up", "engine/base-image"):
        write_program(folder / name)
    write_program(folder / "cluster/up", "echo export KUBECONFIG=/etc/cluster")
    for name in ("down", *PARTS):
        write_program(folder / "cluster" / name)


def run_ci(checkout: Path, **variables: str) -> list[str]:
    """Run it, and return what it called, without the preparation of a bare machine."""
    calls = checkout.parent / "calls"
    environ = {"PATH": f"{checkout.parent}/bin:/usr/bin:/bin", "CALLS": str(calls), **variables}
    done = subprocess.run([checkout / ".ci/run"], env=environ, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return [line for line in calls.read_text().splitlines() if not line.startswith("apt-get")]


def test_it_starts_and_ends_what_its_tools_bring(checkout: Path, tmp_path: Path) -> None:
    write_tools(tmp_path)
    for name in ("docker", "kubectl"):
        write_program(tmp_path / "bin" / name, "exit 1")  # nothing runs yet
    calls = run_ci(checkout, ENGINE_TOOLS=f"{tmp_path}/engine", CLUSTER_TOOLS=f"{tmp_path}/cluster")
    ours = [call.split()[0] for call in calls if call.split()[0] not in ("docker", "kubectl")]
    assert ours == [
        *("make", "make", "engine-up", "python", "base-image", "make"),
        *("up", *PARTS, "make", "down", "engine-up"),
    ]
    assert [call for call in calls if call.startswith("make")] == [
        *("make test", "make audit", "make test-image", "make test-cluster")
    ]
    assert calls[-1] == "engine-up stop"


def test_it_leaves_an_engine_and_a_cluster_that_run_as_they_are(
    checkout: Path, tmp_path: Path
) -> None:
    write_tools(tmp_path)
    for name in ("docker", "kubectl"):
        write_program(tmp_path / "bin" / name)
    calls = run_ci(checkout, ENGINE_TOOLS=f"{tmp_path}/engine", CLUSTER_TOOLS=f"{tmp_path}/cluster")
    assert [call.split()[0] for call in calls] == [
        *("make", "make", "docker", "docker", "make", "kubectl", "make")
    ]


def test_what_is_known_against_a_package_ends_nothing(checkout: Path, tmp_path: Path) -> None:
    write_program(tmp_path / "bin/docker", "exit 1")
    write_program(tmp_path / "bin/make", "[ $1 != audit ]")
    assert "make audit" in run_ci(checkout, ENGINE_TOOLS="/nowhere")


def test_without_an_engine_and_tools_it_runs_the_tests_alone(
    checkout: Path, tmp_path: Path
) -> None:
    write_program(tmp_path / "bin/docker", "exit 1")
    assert run_ci(checkout, ENGINE_TOOLS="/nowhere") == [
        *("make test", "make audit", "docker info")
    ]
