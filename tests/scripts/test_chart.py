"""The chart is the one that the manifests make."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from scripts.chart import CHART, make_chart

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")


def test_the_committed_chart_is_what_the_manifests_make() -> None:
    committed = {
        path.relative_to(CHART).as_posix(): path.read_text()
        for path in CHART.rglob("*")
        if path.is_file()
    }
    assert committed == make_chart(), "make chart, then commit"


def test_the_schema_knows_each_value() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    assert schema.keys() == values.keys() | {"global"}
    assert schema["components"]["properties"].keys() == values["components"].keys()
