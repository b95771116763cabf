"""The k6 script runs unchanged against the product."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
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


def test_what_the_script_sends_needs_neither_key_nor_login_nor_another_share(
    served: Served,
) -> None:
    """Without k6: twenty of its users at once, from one address."""

    def use(number: int) -> list[int]:
        with httpx.Client(base_url=served.url, timeout=120) as client:
            bodies = [{"prompt": f"User {number}, prompt {count}"} for count in range(3)]
            answers = [client.post("/generate_text", json=body) for body in bodies]
        assert all(answer.json()["response"] for answer in answers)
        return [answer.status_code for answer in answers]

    with ThreadPoolExecutor(20) as users:
        assert {status for each in users.map(use, range(20)) for status in each} == {200}
