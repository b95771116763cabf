"""The k6 script runs unchanged against the product."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.setup.steps import cache_folder
from tests.support.fake_ollama.server import BUSY, FakeOllama
from tests.support.product import ROOT, Served


def _k6() -> str:
    cached = cache_folder(os.environ) / "k6/bin/k6"
    found = shutil.which("k6") or (str(cached) if cached.exists() else None)
    if found is None:
        pytest.skip(f"no k6: GOBIN={cached.parent} go install go.k6.io/k6@v1.3.0 (some minutes)")
    return found


def _run(served: Served, folder: Path) -> tuple[int, dict[str, dict[str, float]]]:
    summary = folder / "k6.json"
    variables = os.environ | {"HOST": served.url, "SCALE": "0.005"}
    script = ROOT / "locustfiles/k6.js"
    done = subprocess.run(
        [_k6(), "run", "--quiet", "--no-usage-report", "--summary-export", summary, script],
        env=variables,
        capture_output=True,
        timeout=100,
    )
    metrics: dict[str, dict[str, float]] = json.loads(summary.read_bytes())["metrics"]
    return done.returncode, metrics


def test_the_classic_script_passes_and_finds_refusals(
    served: Served, fake: FakeOllama, tmp_path: Path
) -> None:
    fake.fail(BUSY, 3)
    status, metrics = _run(served, tmp_path)
    assert status == 99  # k6's own, for a threshold that is crossed
    assert metrics["http_req_failed"]["passes"] == 3
    assert metrics["checks"]["fails"] == 3 * 3
    assert metrics["http_reqs"]["count"] == len(fake.bodies()) > 20
