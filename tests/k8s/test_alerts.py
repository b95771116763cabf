"""The alerts, on promtool: alerts.yaml beside this says what happens and which of them fire."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.product import ROOT

pytestmark = pytest.mark.manifests


def read_rules() -> Any:
    """The groups of the PrometheusRule, without the words for people."""
    manifest = yaml.safe_load((ROOT / "k8s/components/monitoring/alerts.yaml").read_text())
    for rule in manifest["spec"]["groups"][0]["rules"]:
        assert rule.pop("annotations").keys() == {"summary", "description"}
    return manifest["spec"]


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(read_rules()))
    shutil.copy(Path(__file__).with_name("alerts.yaml"), tmp_path)
    done = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "alerts.yaml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_seen_to_fire() -> None:
    tests = yaml.safe_load(Path(__file__).with_name("alerts.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if "exp_alerts" in case}
    assert fired == {rule["alert"] for rule in read_rules()["groups"][0]["rules"]}
