"""The component that runs the load test in a cluster fits the code and itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from configargparse import ArgumentParser  # type: ignore[import-untyped]

from locustfiles.run import options
from tests.support.product import ROOT

COMPONENT = ROOT / "k8s/components/load-test"


def _settings() -> dict[str, str]:
    lines = (COMPONENT / "load-test.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_its_settings_are_options_of_the_load_test() -> None:
    parser = ArgumentParser()
    options.add_options(parser)
    variables = {getattr(action, "env_var", None) for action in parser._actions}
    settings = {name for name in _settings() if name.startswith("LOAD_")}
    assert settings
    assert settings <= variables


def test_there_are_as_many_workers_as_the_master_waits_for() -> None:
    workers = (COMPONENT / "workers.yaml").read_text()
    number = _settings()["LOCUST_EXPECT_WORKERS"]
    assert f"parallelism: {number}\n" in workers
    assert f"completions: {number}\n" in workers


def test_it_can_be_rendered_by_itself() -> None:
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl")
    done = subprocess.run(
        ["kubectl", "kustomize", COMPONENT], capture_output=True, text=True, check=True
    )
    kinds = [line for line in done.stdout.splitlines() if line.startswith("kind: ")]
    assert kinds.count("kind: Job") == 2
    assert "kind: NetworkPolicy" in kinds
